import { expect, test } from 'vitest';
import { answerOffer } from './answer-offer.ts';
import { ASKED_EDGE, ASKED_PEER, HELD, type PeerView, planDefaults, type SegmentView } from './plan-view.ts';

const segment: SegmentView = {
  key: 'k',
  seed: 1,
  chunks: 4,
  chunkBytes: 16_384,
  lastChunkBytes: 100,
  state: Uint8Array.from([0, ASKED_PEER, ASKED_EDGE, HELD]),
  heldChunks: 1,
  learnedAt: 0,
  deadline: 4_000,
  slackMs: 4_000,
  manifest: 'here',
  isComingWhole: false,
  mayAskEdge: true,
  isLive: true,
  duty: { by: 'nobody' },
};
const peer: PeerView = {
  id: 'a',
  bytesPerMs: 200,
  rttMs: 20,
  queueMs: 0,
  inFlight: 0,
  availableAt: 0,
  bannedUntil: 0,
  isReliable: true,
  hasServed: true,
  flags: () => undefined,
  isFetching: () => false,
  hasManifest: () => true,
};
const answer = (
  chunk: number,
  {
    of = segment,
    from = peer,
    now = 1_000,
    inFlight = 0,
  }: { of?: SegmentView; from?: PeerView; now?: number; inFlight?: number } = {},
) =>
  answerOffer(
    of,
    chunk,
    { now, edge: { rttMs: 50, bytesPerMs: 1_000, pendingBytes: 0 }, peer: from, inFlight },
    planDefaults,
  );

test('[P14] what is missing and comes from nowhere is taken, and must come before the edge would be asked', () => {
  const taken = answer(0);
  expect(taken.do).toBe('accept');
  // The time left, less the margin, the edge's own time, and the way of question and answer.
  if (taken.do === 'accept') expect(taken.withinMs).toBeCloseTo(3_000 - 250 - 50 - 16.384 * 1.1 - 10 - 20, 3);
});

test.each([
  ['has', 'it is here', 3, {}],
  ['coming', 'a peer was asked', 1, {}],
  ['coming', 'the edge was asked', 2, {}],
  ['coming', 'there is no such chunk', 4, {}],
  ['coming', 'nothing is known of the segment yet', 0, { of: { ...segment, chunks: 0, state: new Uint8Array(0) } }],
  ['coming', 'it comes whole', 0, { of: { ...segment, isComingWhole: true } }],
  ['coming', 'it would be late', 0, { now: 3_700 }],
  ['coming', 'that line is too slow for what was asked of it', 0, { from: { ...peer, inFlight: 5, bytesPerMs: 30 } }],
  ['coming', 'it has enough to do', 0, { from: { ...peer, inFlight: planDefaults.maxPerPeer } }],
  ['coming', 'enough is on its way', 0, { inFlight: planDefaults.maxInFlight }],
  ['coming', 'it has broken its word', 0, { from: { ...peer, bannedUntil: 2_000 } }],
])('[P14] "%s" when %s', (expected, _when, chunk, given) => {
  expect(answer(chunk, given).do).toBe(expected);
});

test('one who was busy and now offers something is not busy', () => {
  expect(answer(0, { from: { ...peer, availableAt: 9_000 } }).do).toBe('accept');
});
