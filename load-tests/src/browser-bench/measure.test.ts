import { describe, expect, test } from 'vitest';
import { type ArmRecord, type Moment, measure, medianMeasures } from './measure.ts';
import type { ViewerSample } from './viewer-sample.ts';

const viewer: ViewerSample = {
  playedSeconds: 0,
  deliveredBytes: 0,
  edgeBytes: 0,
  peerBytes: 0,
  uploadedBytes: 0,
  discardedBytes: 0,
  channelBytes: 0,
  wireBytes: 0,
  packetsSent: 0,
  packetsReceived: 0,
  stalls: 0,
  stalledMs: 0,
  startupMs: 400,
  latencySeconds: 6.4,
  connectedPeers: 1,
  hasAll: false,
  failure: null,
};

function moment(atMs: number, viewers: readonly Partial<ViewerSample>[], more: Partial<Moment> = {}): Moment {
  const samples = viewers.map((given) => ({ ...viewer, ...given }));
  return {
    atMs,
    edge: { segments: 0, manifests: 0 },
    browserCpuSeconds: 0,
    serverCpuSeconds: 0,
    ...more,
    viewers: samples,
  };
}

function arm(moments: readonly Moment[], more: Partial<ArmRecord> = {}): ArmRecord {
  return { engine: 'swarm', moments, busyShares: [0.5], processors: 2, errors: [], ...more };
}

/** Two viewers; one fetches all of 1000 bytes from the edge and passes them on. What came before does not count. */
const shared = arm([
  moment(0, [{ deliveredBytes: 77, edgeBytes: 77, stalls: 3 }, { deliveredBytes: 77 }], {
    edge: { segments: 500, manifests: 9 },
    browserCpuSeconds: 10,
  }),
  moment(
    8000,
    [
      {
        deliveredBytes: 1077,
        edgeBytes: 1077,
        uploadedBytes: 1000,
        channelBytes: 1050,
        wireBytes: 1100,
        packetsSent: 5,
        packetsReceived: 3,
        stalls: 3,
      },
      {
        deliveredBytes: 1077,
        peerBytes: 1000,
        packetsSent: 3,
        packetsReceived: 4,
        stalls: 2,
        stalledMs: 150,
        latencySeconds: 6.6,
      },
    ].map((given) => ({ ...given, playedSeconds: 30 })),
    { edge: { segments: 1500, manifests: 29 }, browserCpuSeconds: 14 },
  ),
]);

describe('measure', () => {
  test('counts what grew between the first moment and the last', () => {
    expect(measure(shared)).toMatchObject({
      edgeOffload: 0.5,
      playerOffload: 0.5,
      copies: 1,
      manifestShare: 0.01,
      stalls: 2,
      stalledMs: 150,
      startupP50Ms: 400,
      uploadMax: 1000,
      controlShare: 0.05,
      wireOverhead: 1.1,
      packetsPerKilobyte: 8,
      lostShare: 0.125,
      cpuSecondsPerMinute: 4,
      ownShare: 0.25,
      unfinished: 0,
    });
    expect(measure(shared).latencySeconds).toBeCloseTo(6.4, 6);
  });

  test('an edge that sends more than was asked for shows as less than nothing', () => {
    const moments = [
      moment(0, [{}]),
      moment(1000, [{ deliveredBytes: 100 }], { edge: { segments: 150, manifests: 0 } }),
    ];
    expect(measure(arm(moments))).toMatchObject({ edgeOffload: -0.5, copies: 1.5, controlShare: null });
  });

  test('a film is unfinished for whom its end did not come, a live stream for whom hls.js gave up', () => {
    const film = [{ hasAll: true }, {}].map((given) => ({ ...given, latencySeconds: null }));
    expect(measure(arm([moment(0, film), moment(1, film)]))).toMatchObject({ unfinished: 1, latencySeconds: null });
    const live = [{}, { failure: 'bufferAppendError' }];
    expect(measure(arm([moment(0, live), moment(1, live)])).unfinished).toBe(1);
  });

  test.each([
    ['half idle', [0.5, 0.5], false],
    ['hardly idle in the mean', [0.95, 0.9, 0.89], true],
    ['one second of ten without idle time', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], true],
    ['one second of twenty', [1, ...Array.from({ length: 19 }, () => 0)], false],
  ])('a machine that was %s', (_, busyShares, isSaturated) => {
    expect(measure(arm(shared.moments, { busyShares })).isSaturated).toBe(isSaturated);
  });

  test('one moment is no time', () => {
    expect(() => measure(arm([moment(0, [{}])]))).toThrow('two moments');
  });
});

test('of several rounds every figure is the median, and what is missing is left out', () => {
  const base = measure(shared);
  const rounds = [
    { ...base, copies: 1, controlShare: null, isSaturated: true },
    { ...base, copies: 9, controlShare: 0.02, isSaturated: false },
    { ...base, copies: 2, controlShare: 0.04, isSaturated: false },
  ];
  expect(medianMeasures(rounds)).toMatchObject({ copies: 2, controlShare: 0.03, isSaturated: false });
});
