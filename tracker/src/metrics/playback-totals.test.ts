import { emptyReport } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { clampReport } from './playback-totals.ts';

const link = (peer: string, receivedBytes: number, sentBytes: number) => ({ peer, receivedBytes, sentBytes });
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
  ['nor plays longer', { playedMs: 5000 }, 1000, { playedMs: 1000 }],
  ['nor stalls more than once in a second', { stalls: 50 }, 3000, { stalls: 4 }],
  [
    'chunks that did not fit into the time cannot have been wrong',
    { rejectedChunks: 1e6 },
    1000,
    { rejectedChunks: 7630 },
  ],
  [
    'all neighbours share the line',
    { links: [link('a', 100e6, 200e6), link('b', 100e6, 1)] },
    1000,
    { links: [link('a', 100e6, 125e6), link('b', 25e6, 0)] },
  ],
  ['no time, no bytes', { uploadedBytes: 5 }, 0, { uploadedBytes: 0 }],
])('%s', (_, claimed, passedMs, counted) => {
  expect(clampReport({ ...report, ...claimed }, passedMs)).toMatchObject(counted);
});
