import { expect, test } from 'vitest';
import type { Measures } from './measure.ts';
import { formatTable } from './table.ts';

const measures: Measures = {
  edgeOffload: 0.8612,
  playerOffload: 0.859,
  copies: 1.111,
  manifestShare: 0.002,
  stalls: 2,
  stalledMs: 310.4,
  startupP50Ms: 480,
  startupP95Ms: 700,
  latencySeconds: 6.5,
  uploadP50: 900_000,
  uploadP95: 1_100_000,
  uploadMax: 1_250_000,
  controlShare: 0.0101,
  wireOverhead: 1.112,
  packetsPerKilobyte: 1.5,
  lostShare: 0.02,
  discardedShare: 0,
  connectedPeers: 7,
  cpuSecondsPerMinute: 5.25,
  busyMean: 0.61,
  ownShare: 0.6,
  isSaturated: false,
  unfinished: 0,
  pageErrors: 0,
};

function rowOf(table: string, name: string): string[] {
  const line = table.split('\n').find((one) => one.trim().startsWith(name));
  return (
    line
      ?.trim()
      .split(/\s{2,}/)
      .slice(1) ?? []
  );
}

test('a row has a cell for each arm, with its unit', () => {
  const table = formatTable([{ engine: 'swarm', measures }]);
  expect(rowOf(table, 'offload, at the edge')).toEqual(['86.1 %']);
  expect(rowOf(table, 'origin copies')).toEqual(['1.11']);
  expect(rowOf(table, 'stalls')).toEqual(['2 (310)']);
  expect(rowOf(table, 'upload')).toEqual(['0.90 / 1.10 / 1.25']);
  expect(rowOf(table, 'control share')).toEqual(['1.0 %']);
});

test('startup and latency are compared with plain hls.js where that was run', () => {
  const plain = { ...measures, startupP50Ms: 500, latencySeconds: 6.25 };
  const table = formatTable([
    { engine: 'swarm', measures },
    { engine: 'none', measures: plain },
  ]);
  expect(rowOf(table, 'p50 against none')).toEqual(['-4.0 %', '+0.0 %']);
  expect(rowOf(table, 'against none')).toEqual(['+0.25', '+0.00']);
  expect(rowOf(formatTable([{ engine: 'swarm', measures }]), 'against none')).toEqual(['–']);
});

test('all lines of the table are equally long', () => {
  const lines = formatTable([
    { engine: 'swarm', measures },
    { engine: 'p2p-media-loader-default', measures: { ...measures, latencySeconds: null, controlShare: null } },
  ]);
  expect(
    new Set(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => line.length),
    ).size,
  ).toBe(1);
});

test('a full machine is named, with what is void because of it', () => {
  const table = formatTable([
    { engine: 'swarm', measures },
    { engine: 'none', measures: { ...measures, isSaturated: true } },
  ]);
  expect(rowOf(table, 'machine busy')).toEqual(['61.0 %', '61.0 % FULL']);
  expect(table).toMatch(/\(none\); stalls, startup and latency there mean nothing\.\n$/);
});
