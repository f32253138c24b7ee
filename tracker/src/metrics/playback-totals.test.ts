import { emptyReport } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { clampReport } from './playback-totals.ts';

const report = { ...emptyReport, coversMs: 1_000_000 };

test.each([
  ['what one second allows is kept', { peerBytes: 1e6, edgeBytes: 1e6 }, 1000, { peerBytes: 1e6, edgeBytes: 1e6 }],
  ['more than 1 Gbit/s is cut', { peerBytes: 1e12 }, 1000, { peerBytes: 125e6 }],
  [
    'peers and edge share the line',
    { peerBytes: 100e6, edgeBytes: 100e6 },
    1000,
    { edgeBytes: 100e6, peerBytes: 25e6 },
  ],
  ['nobody stalls longer than time has passed', { stalledMs: 5000 }, 1000, { stalledMs: 1000 }],
  ['no time, no bytes', { uploadedBytes: 5 }, 0, { uploadedBytes: 0 }],
])('%s', (_, claimed, passedMs, counted) => {
  expect(clampReport({ ...report, ...claimed }, passedMs)).toMatchObject(counted);
});
