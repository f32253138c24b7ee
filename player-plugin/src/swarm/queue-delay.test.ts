import { expect, test } from 'vitest';
import { QueueDelay } from './queue-delay.ts';

const near = { name: 'near' };
const far = { name: 'far' };
/** Bytes per ms. */
const LINE = 116;
const sent = (sentAt: number, bytes = 4_640) => ({ bytes, sentAt });

test('what a piece took longer than the fastest of its connection was queued', () => {
  const queue = new QueueDelay<object>();
  expect(queue.recentMs(0)).toBe(0);
  queue.sample(near, sent(0), 20, LINE, 50);
  expect(queue.recentMs(50)).toBe(0);
  queue.sample(near, sent(600), 690, LINE, 700);
  expect(Math.round(queue.recentMs(700))).toBe(70);
});

test('the queue is what all connections wait for, however different their paths and clocks are', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, LINE, 50);
  // This one's clock is about to wrap.
  queue.sample(far, sent(0), 2 ** 32 - 10, LINE, 50);
  queue.sample(near, sent(1_000), 1_320, LINE, 1_400);
  queue.sample(far, sent(1_000), (2 ** 32 - 10 + 1_030) % 2 ** 32, LINE, 1_400);
  expect(queue.recentMs(1_400)).toBeCloseTo(29.3, 1);
});

test('the first piece of a connection says nothing: it has nothing to be compared with', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, LINE, 50);
  queue.sample(near, sent(600), 690, LINE, 700);
  queue.sample(far, sent(600), 8_000, LINE, 710);
  expect(Math.round(queue.recentMs(710))).toBe(70);
});

test.each([
  ['a large piece after a small one', 116, 4_640, 0],
  ['a small piece after a large one', 4_640, 116, 0],
  ['a large piece after a small one, behind a queue', 116, 4_640, 30],
  ['a small piece after a large one, behind a queue', 4_640, 116, 30],
])('how long a piece takes on the line is no queue: %s', (_what, first, second, queueMs) => {
  const queue = new QueueDelay<object>();
  const arrivalOf = (bytes: number) => 20 + bytes / LINE;
  queue.sample(near, sent(0, first), arrivalOf(first), LINE, 100);
  queue.sample(near, sent(0, second), arrivalOf(second) + queueMs, LINE, 110);
  expect(Math.round(queue.recentMs(110))).toBe(queueMs);
});

test('old delays are forgotten: recent ones after 200 ms, the least of a connection by half a ms per second', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, LINE, 0);
  queue.sample(near, sent(1_000), 1_120, LINE, 1_000);
  expect(queue.recentMs(1_000)).toBeCloseTo(99.5);
  expect(queue.recentMs(1_200)).toBe(0);
  queue.sample(near, sent(100_000), 100_120, LINE, 100_000);
  expect(queue.recentMs(100_000)).toBeCloseTo(50);
  queue.sample(near, sent(200_000), 200_120, LINE, 200_000);
  expect(queue.recentMs(200_000)).toBe(0);
});
