import { decodeFrames, type PeerFrame } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { ControlOutbox, STALE_NEWS_WITHIN_MS } from './control-outbox.ts';

/** Time that stands still until it is turned, and the one timer that an outbox has. */
function setUp() {
  let now = 1_000;
  let timer: { at: number; run: () => void } | undefined;
  const said: { at: number; frames: PeerFrame[] }[] = [];
  const clock = {
    now: () => now,
    after: (ms: number, run: () => void) => {
      timer = { at: now + ms, run };
      return () => {
        timer = undefined;
      };
    },
  };
  const outbox = new ControlOutbox(clock, (message) => said.push({ at: now, frames: decodeFrames(message) ?? [] }));
  const turnTo = (until: number) => {
    while (timer && timer.at <= until) {
      const { at, run } = timer;
      timer = undefined;
      now = at;
      run();
    }
    now = until;
  };
  return { outbox, said, turnTo };
}

test('[P8] an acknowledgement waits for a second piece, but not for long, and tells when the last one came', () => {
  const { outbox, said, turnTo } = setUp();
  outbox.acknowledge(1);
  turnTo(1_018);
  outbox.acknowledge(2);
  turnTo(2_000);
  outbox.acknowledge(3);
  turnTo(3_000);
  expect(said).toEqual([
    { at: 1_023, frames: [{ type: 'ack', arrivedAtMs: 1_018, runs: [{ first: 1, count: 2 }] }] },
    { at: 2_040, frames: [{ type: 'ack', arrivedAtMs: 2_000, runs: [{ first: 3, count: 1 }] }] },
  ]);
});

test('whatever goes out takes along what waits', () => {
  const { outbox, said, turnTo } = setUp();
  outbox.have('00'.repeat(16), 3, STALE_NEWS_WITHIN_MS);
  outbox.acknowledge(1);
  outbox.add({ type: 'ping', id: 7 });
  turnTo(2_000);
  expect(said.map(({ at, frames }) => [at, frames.map(({ type }) => type)])).toEqual([
    [1_005, ['ping', 'have', 'ack']],
  ]);
});
