import { expect, test } from 'vitest';
import { QueueDelay } from './queue-delay.ts';

const near = { name: 'near' };
const far = { name: 'far' };

test('what a piece took longer than the fastest of its connection was queued', () => {
  const queue = new QueueDelay<object>();
  expect(queue.recentMs(0)).toBe(0);
  queue.sample(near, 0, 20, 50);
  expect(queue.recentMs(50)).toBe(0);
  queue.sample(near, 600, 690, 700);
  expect(queue.recentMs(700)).toBe(70);
});

test('the queue is what all connections wait for, however different their paths and clocks are', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, 0, 20, 50);
  // This one's clock is about to wrap.
  queue.sample(far, 0, 2 ** 32 - 10, 50);
  queue.sample(near, 1_000, 1_320, 1_400);
  queue.sample(far, 1_000, (2 ** 32 - 10 + 1_030) % 2 ** 32, 1_400);
  expect(queue.recentMs(1_400)).toBe(30);
});

test('old delays are forgotten: recent ones after half a second, the least of a connection after a minute', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, 0, 20, 0);
  queue.sample(near, 1_000, 1_120, 1_000);
  expect(queue.recentMs(1_000)).toBe(100);
  expect(queue.recentMs(1_600)).toBe(0);
  queue.sample(near, 70_000, 70_120, 70_000);
  expect(queue.recentMs(70_000)).toBe(0);
});
