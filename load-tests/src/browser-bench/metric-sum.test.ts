import { expect, test } from 'vitest';
import { metricSum } from './metric-sum.ts';

const metrics = `# HELP sent_bytes_total Bytes.
sent_bytes_total{kind="segment",tier="a"} 100
sent_bytes_total{kind="segment",tier="b"} 1e3
sent_bytes_total{kind="playlist",tier="a"} 7
sent_bytes_total_created{kind="segment"} 5
`;

test.each([
  ['kind="segment"', 1100],
  ['kind="playlist"', 7],
  ['kind="manifest"', 0],
])('%s: %i', (labels, sum) => {
  expect(metricSum(metrics, 'sent_bytes_total', labels)).toBe(sum);
});
