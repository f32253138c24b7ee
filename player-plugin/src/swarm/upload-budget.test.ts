import { expect, test } from 'vitest';
import { UploadBudget } from './upload-budget.ts';

const caps = { maxBytesPerSecond: Number.POSITIVE_INFINITY, maxRatio: 4, maxBytes: 1e9 };

test.each([
  ['a buffer that is nearly empty', [[1, 0.05]], true],
  ['a buffer that is long', [[1, 6]], false],
  ['low latency, right before a part that was repaired', [[1, 0.15]], false],
  [
    'low latency, a part after it was nearly empty',
    [
      [1, 0.05],
      [1, 0.6],
    ],
    false,
  ],
  [
    'a little more than nothing, after it was nearly empty',
    [
      [1, 0.05],
      [1, 0.3],
    ],
    true,
  ],
  [
    'a paused video, whose buffer need not grow',
    [
      [1, 0.05],
      [0, 0.05],
    ],
    false,
  ],
] as const)('%s: whether anything may be sent', (_name, moves, isPaused) => {
  const budget = new UploadBudget(caps, 0);
  for (const [rate, bufferedAhead] of moves) budget.playheadMoved({ position: 10, rate, bufferedAhead });
  expect([budget.isPaused, budget.allowance(0) === 0]).toEqual([isPaused, isPaused]);
});
