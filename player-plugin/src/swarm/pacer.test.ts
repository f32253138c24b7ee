import { expect, test } from 'vitest';
import { Pacer } from './pacer.ts';

const BYTES_PER_SECOND = 100_000;

/** Sends pieces of 1 kB as soon as each may go. @returns when they went, ms */
function send(pacer: Pacer, pieces: number, from: number): number[] {
  let now = from;
  return Array.from({ length: pieces }, () => {
    now += pacer.waitMs(now);
    pacer.sent(1_000, BYTES_PER_SECOND, now);
    return now;
  });
}

test('after a pause only a little goes at once, the rest at the rate of the line', () => {
  const pacer = new Pacer();
  expect(send(pacer, 8, 5_000).map((at) => at - 5_000)).toEqual([0, 0, 0, 0, 10, 20, 30, 40]);
});

test('a timer that rings late is made up for, but not a long pause', () => {
  const pacer = new Pacer();
  send(pacer, 8, 0);
  expect(pacer.waitMs(70)).toBe(0);
  expect(send(pacer, 4, 70)).toEqual([70, 70, 70, 80]);
  expect(send(pacer, 6, 60_000).map((at) => at - 60_000)).toEqual([0, 0, 0, 0, 10, 20]);
});

test('while it rests nothing goes, and then no more at once than before', () => {
  const pacer = new Pacer();
  send(pacer, 4, 0);
  pacer.rest(100, 40);
  expect(pacer.waitMs(40)).toBe(100);
  expect(send(pacer, 3, 140)).toEqual([140, 150, 160]);
});
