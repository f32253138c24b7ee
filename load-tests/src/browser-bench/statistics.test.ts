import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean, median } from './statistics.ts';

test.each([
  [[3], 3],
  [[9, 1, 2], 2],
  [[4, 1, 2, 100], 3],
])('the median of %j is %i', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('half of all values are on either side of the median', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
      expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test('the mean of nothing is 0, the median of nothing an error', () => {
  expect(mean([])).toBe(0);
  expect(mean([1, 2, 6])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});
