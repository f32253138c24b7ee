import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { PeerSession, type PeerSessionEvents } from './peer-session.ts';
import type { PeerTransport } from './peer-transport.ts';
import { RemoteHoldings } from './remote-holdings.ts';

const KEY = '00112233445566778899aabbccddeeff';

let now = 0;
/** Timers that never come due: what is sent at once is all that matters here. */
const clock: Clock = { now: () => now, after: () => () => undefined };

const quiet: PeerSessionEvents = {
  opened: () => undefined,
  frame: () => undefined,
  news: () => undefined,
  chunkArrived: () => undefined,
  chunkFailed: () => undefined,
  discarded: () => undefined,
  control: () => undefined,
  closed: () => undefined,
};

/** Two sessions whose messages reach the other end at once. */
function pair(): { readonly ann: PeerSession; readonly bob: PeerSession } {
  const sessions: PeerSession[] = [];
  /** What the first says before there is a second. */
  const early: Uint8Array[] = [];
  const make = (id: string, other: number) => {
    const transport: PeerTransport = {
      kind: 'host',
      signal: () => undefined,
      sendControl: (message) => (sessions[other] ? sessions[other].receiveControl(message) : early.push(message)),
      sendData: (message) => sessions[other]?.receiveData(message),
      close: () => undefined,
    };
    const session = new PeerSession(id, transport, true, quiet, {
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

test('[P8] when pieces arrived goes on where it was, whatever 2^16 ms make of it', () => {
  const { ann } = pair();
  // Bob's clock is far from ours, and passes a multiple of 2^16 now and then; acknowledgements take up to a second longer.
  const aheadMs = 123_456_789;
  const first = ann.arrivedAtMs(aheadMs & 0xffff);
  for (const [elapsedMs, underWayMs] of [
    [40, 20],
    [20_000, 1_000],
    [65_536, 0],
    [900_000, 700],
    [3_600_000, 30],
  ] as const) {
    now = elapsedMs;
    const arrivedAt = elapsedMs - underWayMs;
    expect(ann.arrivedAtMs((aheadMs + arrivedAt) & 0xffff) - first).toBe(arrivedAt);
  }
  now = 0;
});

test('[P4] a viewer of version 3 is told goodbye, and why', () => {
  const said: Uint8Array[] = [];
  const silent = () => undefined;
  const transport: PeerTransport = {
    kind: 'host',
    signal: silent,
    sendControl: (message) => said.push(message),
    sendData: silent,
    close: silent,
  };
  const closed: string[] = [];
  const session = new PeerSession(
    'bob',
    transport,
    true,
    { ...quiet, closed: (_, because) => closed.push(because) },
    {
      clock,
      random: () => 0.5,
      holdings: new RemoteHoldings(new Map(), 1),
    },
  );
  // Its hello, and its first ping.
  session.receiveControl(Uint8Array.of(1, 0, 2, 3, 1, 13, 0, 2, 0, 1));
  expect(closed).toEqual(['failed']);
  // What it reads: types, lengths of two bytes, bodies.
  expect(said.map((message) => [...message])).toEqual([
    [1, 0, 2, 5, 1, 13, 0, 2, 0, 1],
    [15, 0, 1, 3],
  ]);
});
