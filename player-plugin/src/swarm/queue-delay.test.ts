import { expect, test } from 'vitest';
import { QueueDelay } from './queue-delay.ts';

const near = { name: 'near' };
const far = { name: 'far' };
const sent = (sentAt: number, bytes = 4_640) => ({ bytes, sentAt });

test('what a piece took longer than the fastest of its connection was queued', () => {
  const queue = new QueueDelay<object>();
  expect(queue.recentMs(0)).toBe(0);
  queue.sample(near, sent(0), 20, 50);
  expect(queue.recentMs(50)).toBe(0);
  queue.sample(near, sent(600), 690, 700);
  expect(Math.round(queue.recentMs(700))).toBe(70);
});

test('the queue is what all connections wait for, however different their paths and clocks are', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 50);
  // This one's clock is about to wrap.
  queue.sample(far, sent(0), 2 ** 32 - 10, 50);
  queue.sample(near, sent(1_000), 1_320, 1_400);
  queue.sample(far, sent(1_000), (2 ** 32 - 10 + 1_030) % 2 ** 32, 1_400);
  expect(queue.recentMs(1_400)).toBeCloseTo(29.7, 1);
});

test('the first piece of a connection says nothing: it has nothing to be compared with', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 50);
  queue.sample(near, sent(600), 690, 700);
  queue.sample(far, sent(600), 8_000, 710);
  expect(Math.round(queue.recentMs(710))).toBe(70);
});

test('how long a piece takes on the line is no queue: pieces are compared with those of their size', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0, 100), 21, 30);
  queue.sample(near, sent(0, 4_640), 60, 70);
  queue.sample(near, sent(100, 4_640), 165, 170);
  expect(Math.round(queue.recentMs(170))).toBe(5);
});

test('the first of a size, or of a connection, has waited as long as all others', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 30);
  queue.sample(near, sent(100), 190, 200);
  queue.sample(near, sent(110, 8_129), 230, 240);
  queue.sample(far, sent(120), 1_000, 250);
  queue.sample(near, sent(500, 8_129), 600, 610);
  expect(Math.round(queue.recentMs(610))).toBe(50);
  queue.sample(far, sent(800), 1_640, 830);
  // Less what the guess of a new connection fades: 20 ms per second.
  expect(Math.round(queue.recentMs(830))).toBe(30 - 12);
});

test('a guess that was too low gives way: a connection met while something else held pieces up is not slow for ever', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 0);
  // One piece alone waits at the other end, and just then another connection begins.
  queue.sample(near, sent(1_000), 1_150, 1_000);
  for (let at = 1_050; at < 20_000; at += 50) queue.sample(far, sent(at), at + 7_000, at);
  expect(queue.recentMs(19_950)).toBeLessThan(5);
});

test('old delays are forgotten: recent ones after 200 ms, the least of a connection by a fifth of a ms per second', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 0);
  queue.sample(near, sent(1_000), 1_120, 1_000);
  expect(queue.recentMs(1_000)).toBeCloseTo(99.8);
  expect(queue.recentMs(1_200)).toBe(0);
  queue.sample(near, sent(250_000), 250_120, 250_000);
  expect(queue.recentMs(250_000)).toBeCloseTo(50);
  queue.sample(near, sent(500_000), 500_120, 500_000);
  expect(queue.recentMs(500_000)).toBe(0);
});

test('a clock that jumps is no queue, and from then on counts from where it is', () => {
  const queue = new QueueDelay<object>();
  queue.sample(near, sent(0), 20, 50);
  queue.sample(near, sent(1_000), 31_020, 1_050);
  expect(queue.recentMs(1_050)).toBe(0);
  queue.sample(near, sent(2_000), 32_060, 2_100);
  expect(Math.round(queue.recentMs(2_100))).toBe(40);
});
