import { expect, test } from 'vitest';
import { offloadBound, type Uplinks, uplinkOf } from './uplinks.ts';

test.each<[string, Uplinks, number]>([
  ['lines without a limit: one copy of eight', { is: 'unshaped' }, 0.875],
  ['lines that carry the stream: the same', { is: 'equal', bitsPerSecond: 1.2e6 }, 0.875],
  ['lines that do not: what they carry', { is: 'equal', bitsPerSecond: 0.56e6 }, 0.5],
  ['mixed lines carry 1.65 Mbit/s on average', { is: 'mixed' }, 0.875],
])('%s', (_, uplinks, bound) => {
  expect(offloadBound(uplinks, 8, 1.12e6)).toBeCloseTo(bound, 6);
});

test('of eight mixed lines two are poor, four ordinary, two good, and the next eight are alike', () => {
  const lines = Array.from({ length: 8 }, (_, viewer) => uplinkOf({ is: 'mixed' }, viewer));
  expect(lines.toSorted((a = 0, b = 0) => a - b)).toEqual([0.4e6, 0.4e6, 1.4e6, 1.4e6, 1.4e6, 1.4e6, 3.5e6, 3.5e6]);
  expect(uplinkOf({ is: 'mixed' }, 9)).toBe(lines[1]);
});
