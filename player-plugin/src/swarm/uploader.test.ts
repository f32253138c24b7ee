import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { Uploader, type UploadTarget, uploaderDefaults } from './uploader.ts';

const CHUNK_BYTES: number = 16 * 1024;

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that is turned by hand, timers in their order. */
class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  turnTo(until: number): void {
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }
}

const ROUND_TRIP_MS = 20;
/** A connection gives what it was handed to the line at once, but not within the same turn. */
const HELD_FOR_MS = 2;

/** A peer behind a line of so many bytes per ms, which acknowledges what reaches it. */
function setUp(bytesPerMs: number, allowance = Number.POSITIVE_INFINITY, neighbours = 12, isScarce = false) {
  const clock = new HandClock();
  let lineFreeAt = 0;
  let lastPiece = 0;
  let heldBytes = 0;
  const arrived = { bytes: 0, mostQueuedMs: 0 };
  const refused: number[] = [];
  const has = new Set<number>();
  /** Of all others it is known that many have them. */
  const rare = new Set<number>();
  const sent: { chunk: number; bytes: number }[] = [];
  const target: UploadTarget = {
    id: 'peer',
    baseRttMs: ROUND_TRIP_MS,
    get heldBytes() {
      return heldBytes;
    },
    hasAnnounced: (_key, chunk) => has.has(chunk),
    sendPiece(_key, chunk, _offset, _queueMs, bytes) {
      lastPiece += 1;
      sent.push({ chunk, bytes: bytes.length });
      heldBytes += bytes.length;
      clock.after(HELD_FOR_MS, () => {
        heldBytes -= bytes.length;
      });
      const id = lastPiece;
      lineFreeAt = Math.max(lineFreeAt, clock.now()) + bytes.length / bytesPerMs;
      arrived.mostQueuedMs = Math.max(arrived.mostQueuedMs, lineFreeAt - clock.now());
      clock.after(lineFreeAt - clock.now() + ROUND_TRIP_MS, () => {
        arrived.bytes += bytes.length;
        uploader.acknowledge(target, [{ first: id, count: 1 }], clock.now());
      });
      return id;
    },
    refuse: (_key, _chunk, retryAfterMs) => refused.push(retryAfterMs),
  };
  const uploader: Uploader = new Uploader(uploaderDefaults, {
    clock,
    random: () => 0.5,
    allowance: () => allowance,
    sent: () => undefined,
    copies: (_key, chunk) => (rare.has(chunk) ? 1 : 8),
    neighbours: () => neighbours,
    isScarce: () => isScarce,
  });
  let chunk = 0;
  /** Asks for more whenever there is room, for so long. */
  const keepAsking = (untilMs: number, withinMs = 4_000) => {
    for (let now = clock.now(); now <= untilMs; now += 20) {
      clock.turnTo(now);
      for (let more = 0; more < 4; more++) {
        chunk += 1;
        uploader.request({ target, key: 'k', chunk, deadline: now + withinMs }, new Uint8Array(CHUNK_BYTES));
      }
    }
  };
  return { clock, uploader, target, arrived, refused, has, rare, sent, keepAsking };
}

test.each([
  ['slow', 50],
  ['as fast as is assumed', 125],
  ['fast', 2_000],
])('a line that is %s is filled within two seconds, and not far beyond from then on', (_how, bytesPerMs) => {
  const { arrived, keepAsking } = setUp(bytesPerMs);
  keepAsking(2_000);
  const before = arrived.bytes;
  arrived.mostQueuedMs = 0;
  keepAsking(5_000);
  const usedShare = (arrived.bytes - before) / (3_000 * bytesPerMs);
  expect(usedShare).toBeGreaterThan(0.8);
  expect(arrived.mostQueuedMs).toBeLessThan(1_000);
});

test('who asks for everything at once is told to come back, and nothing is queued for long', () => {
  const { uploader, target, refused, clock } = setUp(125);
  for (let chunk = 0; chunk < 100; chunk++) {
    uploader.request({ target, key: 'k', chunk, deadline: clock.now() + 10_000 }, new Uint8Array(CHUNK_BYTES));
  }
  expect(refused.filter((retryAfterMs) => retryAfterMs > 0).length).toBeGreaterThan(90);
  expect(uploader.backlogMs).toBeLessThan(600);
});

test.each([
  ['rare', 999, 9_000],
  ['played soon', 50, 1_000],
])('what is %s is taken when there is no more room for the rest', (_what, chunk, deadline) => {
  const { uploader, target, refused, rare } = setUp(125);
  rare.add(999);
  const ask = (one: number, within: number) =>
    uploader.request({ target, key: 'k', chunk: one, deadline: within }, new Uint8Array(CHUNK_BYTES));
  for (let common = 0; refused.length === 0; common++) ask(common, 9_000);
  ask(chunk, deadline);
  expect(refused.map((retryAfterMs) => retryAfterMs > 0)).toEqual([true]);
});

test('among few neighbours nothing is kept free', () => {
  const most = [3, 12].map((neighbours) => {
    const { uploader, target, refused } = setUp(125, Number.POSITIVE_INFINITY, neighbours);
    let taken = 0;
    for (; refused.length === 0; taken++) {
      uploader.request({ target, key: 'k', chunk: taken, deadline: 9_000 }, new Uint8Array(CHUNK_BYTES));
    }
    return taken;
  });
  expect(most[0]).toBeGreaterThan(most[1] as number);
});

test('where uplinks do not carry the stream more waits here, and who is refused comes back later: not at a line that needs as long for one chunk', () => {
  const seen = (bytesPerMs: number, isScarce: boolean) => {
    const { uploader, target, keepAsking, clock } = setUp(bytesPerMs, Number.POSITIVE_INFINITY, 3, isScarce);
    keepAsking(5_000);
    const waits: number[] = [];
    const asking = {
      ...target,
      refuse: (_key: string, _chunk: number, ms: number) => waits.push(ms),
    };
    for (let chunk = 10_000; waits.length === 0; chunk++) {
      const deadline = clock.now() + 9_000;
      uploader.request({ target: asking, key: 'k', chunk, deadline }, new Uint8Array(CHUNK_BYTES));
    }
    return { backlogMs: uploader.backlogMs, waitMs: waits[0] as number };
  };
  const [plenty, scarce] = [seen(500, false), seen(500, true)];
  expect(plenty.backlogMs).toBeLessThan(300);
  expect(scarce.backlogMs).toBeGreaterThan(400);
  expect(scarce.waitMs).toBeGreaterThan(2 * plenty.waitMs);
  expect(seen(30, true)).toEqual(seen(30, false));
});

test('what would come too late, what the budget forbids, and what the peer has meanwhile is not sent', () => {
  const late = setUp(125);
  late.uploader.request({ target: late.target, key: 'k', chunk: 1, deadline: 10 }, new Uint8Array(CHUNK_BYTES));
  expect(late.refused).toEqual([0]);
  const poor = setUp(125, 100);
  poor.uploader.request({ target: poor.target, key: 'k', chunk: 1, deadline: 4_000 }, new Uint8Array(CHUNK_BYTES));
  expect(poor.refused).toEqual([2_000]);
  const { uploader, target, has, clock, arrived } = setUp(125);
  has.add(7);
  uploader.request({ target, key: 'k', chunk: 7, deadline: 4_000 }, new Uint8Array(CHUNK_BYTES));
  clock.turnTo(3_000);
  expect(arrived.bytes).toBe(0);
});

test('what few have goes out before what waited longer, but not in the middle of a chunk', () => {
  const { uploader, target, rare, sent, clock } = setUp(50);
  rare.add(3);
  for (const chunk of [1, 2, 3]) {
    uploader.request({ target, key: 'k', chunk, deadline: 9_000 }, new Uint8Array(CHUNK_BYTES));
  }
  clock.turnTo(5_000);
  const order = sent.map(({ chunk }) => chunk).filter((chunk, index, all) => chunk !== all[index - 1]);
  expect(order).toEqual([1, 3, 2]);
});

test.each([
  [50, 2_315],
  [170, 4_641],
  [2_000, 8_130],
])('a line of %i bytes/ms sends pieces of %i bytes: none holds it up for long', (bytesPerMs, expected) => {
  const { sent, keepAsking } = setUp(bytesPerMs);
  keepAsking(15_000);
  // The last piece of a chunk is what is left of it.
  expect(Math.max(...sent.slice(-8).map(({ bytes }) => bytes))).toBe(expected);
});

// With the piece itself, which takes 46 ms on the slowest of these and is no queue.
test.each([
  [50, 110],
  [150, 100],
  [200, 100],
  [500, 100],
])('on a line of %i bytes/ms whatever is asked is sent within %i ms', (bytesPerMs, withinMs) => {
  const { arrived, keepAsking } = setUp(bytesPerMs);
  keepAsking(15_000);
  arrived.mostQueuedMs = 0;
  keepAsking(30_000);
  expect(arrived.mostQueuedMs).toBeLessThan(withinMs);
});

test.each([50, 150, 500])(
  'a line of %i bytes/ms that has work for five minutes is used, and its queue does not grow',
  (bytesPerMs) => {
    const { arrived, keepAsking } = setUp(bytesPerMs);
    keepAsking(240_000);
    const before = arrived.bytes;
    arrived.mostQueuedMs = 0;
    keepAsking(300_000);
    expect((arrived.bytes - before) / (60_000 * bytesPerMs)).toBeGreaterThan(0.995);
    expect(arrived.mostQueuedMs).toBeLessThan(100);
  },
);

test.each([100, 200, 1_000])(
  'a line of %i bytes/ms that has work for a moment now and then is taken for as fast as it is then',
  (bytesPerMs) => {
    const { uploader, target, clock, refused } = setUp(bytesPerMs);
    for (let now = 0, chunk = 0; now < 60_000; now += 500, chunk++) {
      clock.turnTo(now);
      uploader.request({ target, key: 'part', chunk, deadline: now + 400 }, new Uint8Array(CHUNK_BYTES));
    }
    const share = uploader.bytesPerSecond / (1000 * bytesPerMs);
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(1.1);
    expect(refused).toEqual([]);
  },
);

test('what its connection holds for a moment holds up nothing, when a single neighbour says nothing until it has it', () => {
  const { uploader, target, arrived, clock, keepAsking } = setUp(150);
  keepAsking(5_000);
  clock.turnTo(8_000);
  arrived.bytes = 0;
  for (const key of ['first', 'second']) {
    uploader.request({ target, key, chunk: 1, deadline: 20_000 }, new Uint8Array(CHUNK_BYTES));
  }
  clock.turnTo(8_000 + (1.2 * (2 * CHUNK_BYTES)) / 150 + ROUND_TRIP_MS);
  expect(arrived.bytes).toBe(2 * CHUNK_BYTES);
});

test('a connection that holds back what it was given gets no more, and the line goes to another', () => {
  const { uploader, target, sent, clock } = setUp(125);
  const stuck: UploadTarget = { ...target, id: 'stuck', heldBytes: 40_000 };
  const ask = (to: UploadTarget, chunk: number) =>
    uploader.request({ target: to, key: 'k', chunk, deadline: 9_000 }, new Uint8Array(CHUNK_BYTES));
  ask(stuck, 1);
  ask(target, 2);
  clock.turnTo(2_000);
  expect(new Set(sent.map(({ chunk }) => chunk))).toEqual(new Set([2]));
});
