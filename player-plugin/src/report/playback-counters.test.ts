import { emptyReport } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { PlaybackCounters } from './playback-counters.ts';

test('a report has what is new, and startup once', () => {
  const counters = new PlaybackCounters(1000);
  counters.add('peerBytes', 300);
  counters.add('edgeBytes', 100);
  counters.add('stalledMs', 12.6);
  counters.started(480.2);
  const state = { connectedPeers: 2, mode: 'swarm', links: [], latencyMs: 6400.4, height: 720 } as const;
  expect(counters.takeReport(3000, state)).toEqual({
    ...emptyReport,
    coversMs: 2000,
    peerBytes: 300,
    edgeBytes: 100,
    stalledMs: 12,
    connectedPeers: 2,
    mode: 'swarm',
    startupMs: 480,
    latencyMs: 6400,
    height: 720,
  });
  counters.add('stalledMs', 0.5);
  expect(counters.takeReport(3500, state)).toMatchObject({ coversMs: 500, peerBytes: 0, stalledMs: 1 });
  expect(counters.takeReport(3500, state).startupMs).toBeUndefined();
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
