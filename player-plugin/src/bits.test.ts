import { expect, test } from 'vitest';
import { bitCount, freeBit } from './bits.ts';

test('there are 32 bits, each free until it is taken', () => {
  let taken = 0;
  for (let who = 0; who < 32; who++) {
    const bit = freeBit(taken);
    expect(bitCount(bit)).toBe(1);
    expect(taken & bit).toBe(0);
    taken |= bit;
  }
  expect(freeBit(taken)).toBe(0);
  expect(freeBit(taken & ~8)).toBe(8);
});

test.each([
  [0, 0],
  [1, 1],
  [0b1011, 3],
  [1 << 31, 1],
  [-1, 32],
])('of %i %i bits are set', (bits, count) => {
  expect(bitCount(bits)).toBe(count);
});
