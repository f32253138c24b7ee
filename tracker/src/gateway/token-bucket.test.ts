import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('gives the burst at once, then the rate', () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
  const take = (now: number) => bucket.take(now);
  expect([take(0), take(0), take(0), take(0)]).toEqual([true, true, true, false]);
  expect([take(499), take(500), take(501)]).toEqual([false, true, false]);
  expect([take(60_000), take(60_000), take(60_000), take(60_000)]).toEqual([true, true, true, false]);
});

test('a clock that jumps back fills nothing and breaks nothing', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 1000);
  expect(bucket.take(1000)).toBe(true);
  expect(bucket.take(0)).toBe(false);
  expect(bucket.take(1000)).toBe(true);
});
