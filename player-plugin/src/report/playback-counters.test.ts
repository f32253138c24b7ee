import { expect, test } from 'vitest';
import { PlaybackCounters } from './playback-counters.ts';

test('a report has what is new, and startup once', () => {
  const counters = new PlaybackCounters(1000);
  counters.add('peerBytes', 300);
  counters.add('edgeBytes', 100);
  counters.add('stalledMs', 12.6);
  counters.started(480.2);
  expect(counters.takeReport(3000, 2)).toEqual({
    coversMs: 2000,
    peerBytes: 300,
    edgeBytes: 100,
    uploadedBytes: 0,
    discardedBytes: 0,
    rejectedChunks: 0,
    stalls: 0,
    stalledMs: 13,
    connectedPeers: 2,
    startupMs: 480,
  });
  counters.add('peerBytes', 1);
  expect(counters.takeReport(3500, 1)).toMatchObject({ coversMs: 500, peerBytes: 1, edgeBytes: 0, connectedPeers: 1 });
  expect(counters.takeReport(3500, 1)).not.toHaveProperty('startupMs');
});

test.each([
  [0, 0, 0],
  [0, 10, 0],
  [30, 10, 0.75],
  [10, 0, 1],
])('%i from peers and %i from the edge is an offload of %f', (peerBytes, edgeBytes, offload) => {
  const counters = new PlaybackCounters(0);
  counters.add('peerBytes', peerBytes);
  counters.add('edgeBytes', edgeBytes);
  expect(counters.offload).toBe(offload);
});
