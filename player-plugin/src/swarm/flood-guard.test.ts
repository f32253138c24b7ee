import { expect, test } from 'vitest';
import { FloodGuard } from './flood-guard.ts';

const MIB = 1024 * 1024;

test('what crosses a cancel is forgiven, a flood is not', () => {
  const guard = new FloodGuard(0);
  expect(guard.unasked(MIB, 0)).toBe(false);
  expect(guard.unasked(1, 0)).toBe(true);
  expect(guard.unasked(MIB, 4 * MIB)).toBe(false);
});

test('control may come in a burst, and then at a bounded rate', () => {
  const guard = new FloodGuard(0);
  expect(guard.control(MIB / 2, 0)).toBe(false);
  expect(guard.control(1, 0)).toBe(true);
  expect(guard.control(60_000, 1_000)).toBe(false);
  expect(guard.control(60_000, 1_100)).toBe(true);
});
