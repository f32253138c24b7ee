import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { PeerSession, type PeerSessionEvents } from './peer-session.ts';
import type { PeerTransport } from './peer-transport.ts';
import { RemoteHoldings } from './remote-holdings.ts';

const KEY = '00112233445566778899aabbccddeeff';

/** Timers that never come due: what is sent at once is all that matters here. */
const clock: Clock = { now: () => 0, after: () => () => undefined };

/** Two sessions whose messages reach the other end at once. */
function pair(): { readonly ann: PeerSession; readonly bob: PeerSession } {
  const sessions: PeerSession[] = [];
  /** What the first says before there is a second. */
  const early: Uint8Array[] = [];
  const events: PeerSessionEvents = {
    opened: () => undefined,
    frame: () => undefined,
    news: () => undefined,
    chunkArrived: () => undefined,
    chunkFailed: () => undefined,
    discarded: () => undefined,
    control: () => undefined,
    closed: () => undefined,
  };
  const make = (id: string, other: number) => {
    const transport: PeerTransport = {
      kind: 'host',
      signal: () => undefined,
      sendControl: (message) => (sessions[other] ? sessions[other].receiveControl(message) : early.push(message)),
      sendData: (message) => sessions[other]?.receiveData(message),
      close: () => undefined,
    };
    const session = new PeerSession(id, transport, true, events, {
      clock,
      random: () => 0.5,
      holdings: new RemoteHoldings(new Map(), 1),
    });
    sessions.push(session);
    return session;
  };
  // Each is named after the other end.
  const ann = make('bob', 1);
  const bob = make('ann', 0);
  for (const message of early) bob.receiveControl(message);
  return { ann, bob };
}

test('both ends of a pair account for the same bytes, those that were thrown away included', () => {
  const { ann, bob } = pair();
  expect([ann.isOpen, bob.isOpen]).toEqual([true, true]);
  ann.ask(KEY, 0, 8192, 1000);
  bob.sendPiece(KEY, 0, 0, 0, new Uint8Array(8192));
  // Asked for no more, or never.
  bob.sendPiece(KEY, 0, 0, 0, new Uint8Array(8192));
  bob.sendPiece(KEY, 1, 0, 0, new Uint8Array(100));
  expect(ann.takeAccount()).toMatchObject({ peer: 'bob', receivedBytes: 16_484, sentBytes: 0, connection: 'host' });
  expect(bob.takeAccount()).toMatchObject({ peer: 'ann', receivedBytes: 0, sentBytes: 16_484, connection: 'host' });
  // Once.
  expect(ann.takeAccount()).toMatchObject({ receivedBytes: 0, sentBytes: 0 });
});
