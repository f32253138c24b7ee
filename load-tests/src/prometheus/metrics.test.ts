import { expect, test } from 'vitest';
import { metricSum } from './metrics.ts';

const metrics = `# HELP sent_bytes_total Bytes.
sent_bytes_total{kind="segment",tier="a"} 100
sent_bytes_total{kind="segment",tier="b"} 1e3
sent_bytes_total{kind="playlist",tier="a"} 7
sent_bytes_total_created{kind="segment"} 5
connections 12
`;

test.each([
  ['sent_bytes_total', 'kind="segment"', 1100],
  ['sent_bytes_total', 'kind="playlist"', 7],
  ['sent_bytes_total', 'kind="manifest"', 0],
  ['sent_bytes_total', '', 1107],
  ['connections', '', 12],
])('%s with "%s": %i', (name, labels, sum) => {
  expect(metricSum(metrics, name, labels)).toBe(sum);
});
