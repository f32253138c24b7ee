import { expect, test } from 'vitest';
import { reconnectDelayMs } from './reconnect-policy.ts';

test.each([
  [0, 500, 1000],
  [1, 1000, 2000],
  [4, 8000, 16_000],
  [5, 15_000, 30_000],
  [50, 15_000, 30_000],
])('attempt %i waits %i to %i ms', (attempt, least, most) => {
  expect(reconnectDelayMs(attempt, () => 0)).toBe(least);
  expect(reconnectDelayMs(attempt, () => 1)).toBe(most);
});
