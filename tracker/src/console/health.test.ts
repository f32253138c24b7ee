import { expect, test } from 'vitest';
import { checkHealth, type HealthFacts } from './health.ts';

const well: HealthFacts = {
  isDraining: false,
  viewers: 3,
  sinceReportMs: 1000,
  reportEveryMs: 10_000,
  edgesAnswering: 2,
  edges: 2,
  rejectedChunks: 0,
};

test.each<[string, Partial<HealthFacts>, string[]]>([
  ['all is well', {}, []],
  ['a tracker on its way out', { isDraining: true }, ['Tracker']],
  ['viewers that do not report', { sinceReportMs: 30_000 }, ['Reports']],
  ['viewers that never reported', { sinceReportMs: undefined }, ['Reports']],
  ['nobody there to report', { viewers: 0, sinceReportMs: 900_000 }, []],
  ['wrong bytes', { rejectedChunks: 1 }, ['Wrong chunks']],
  ['one edge of two away', { edgesAnswering: 1 }, ['Edges']],
  ['no edge to watch', { edges: 0, edgesAnswering: 0 }, []],
])('%s', (_, facts, unwell) => {
  const checks = checkHealth({ ...well, ...facts });
  expect(checks.filter(({ isWell }) => !isWell).map(({ name }) => name)).toEqual(unwell);
});
