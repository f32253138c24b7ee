import { createHash } from 'node:crypto';
import { chunkCount, chunkRange, encodeManifest, hexOf, SMALL_CHUNK_BYTES } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { SegmentCache } from '../cache/segment-cache.ts';
import type { EngineObserver } from '../segment-engine.ts';
import type { PeerSession } from '../swarm/peer-session.ts';
import type { EdgeRequest } from './edge-client.ts';
import { EdgeFetches } from './edge-fetches.ts';
import { Intake } from './intake.ts';
import { ManifestCheck } from './manifests.ts';
import { Performer } from './performer.ts';
import { SegmentTask } from './segment-task.ts';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const hashing = {
  sha256: (bytes: Uint8Array, done: (hash: Uint8Array) => void) => done(sha256(bytes)),
  verify: () => undefined,
};
const clock = { now: () => 0, after: () => () => undefined };
const ignore = () => undefined;
const observer = { receivedFromEdge: ignore, discarded: ignore } as unknown as EngineObserver;

/** A segment of three chunks that is wanted, and an edge that has not answered yet. */
function setUp() {
  const body = Uint8Array.from({ length: 3 * SMALL_CHUNK_BYTES - 5 }, (_, at) => at % 251);
  const key = new Uint8Array(16).fill(7);
  const layout = { size: body.length, chunkSize: SMALL_CHUNK_BYTES };
  const hashes = Array.from({ length: chunkCount(layout) }, (_, chunk) => {
    const { start, end } = chunkRange(layout, chunk);
    return sha256(body.subarray(start, end));
  });
  const manifest = encodeManifest({
    ...layout,
    key,
    keyId: new Uint8Array(8),
    hashes: Uint8Array.from(hashes.flatMap((hash) => [...hash])),
    signature: new Uint8Array(64),
  });
  const task = new SegmentTask(hexOf(key), {
    learnedAt: 0,
    durationSeconds: 2,
    rendition: 1,
    sequence: 1,
    place: { url: 'https://edge.example/1.ts' },
    start: 0,
    isLive: true,
  });
  const cache = new SegmentCache(1_000_000, ignore);
  const asked: string[] = [];
  const fetch = ({ what }: EdgeRequest) => {
    asked.push(what);
    return ignore;
  };
  const performer = new Performer({
    clock,
    cache,
    edge: new EdgeFetches({ fetch }, clock),
    intake: new Intake(hashing, cache, { admitted: ignore, duplicate: ignore }),
    manifests: new ManifestCheck(hashing, false),
    observer,
    session: ignore,
    sessions: () => [],
    changed: ignore,
    cameWhole: ignore,
    failed: ignore,
  });
  return { performer, task, body, manifest, asked };
}

const neighbour = {} as PeerSession;

test('a body that the player loaded is admitted when a neighbour sends its manifest before the edge does', () => {
  const { performer, task, body, manifest, asked } = setUp();
  performer.adopt(task, body);
  expect(asked).toEqual(['manifest']);
  expect(task.isWhole).toBe(false);
  performer.manifestCame(task, manifest, neighbour);
  expect(task.isWhole).toBe(true);
  expect(task.wholeBody).toBeUndefined();
});

test('a body that the player loaded is admitted at once when its manifest is here already', () => {
  const { performer, task, body, manifest, asked } = setUp();
  performer.manifestCame(task, manifest, neighbour);
  performer.adopt(task, body);
  expect(asked).toEqual([]);
  expect(task.isWhole).toBe(true);
  expect(task.wholeBody).toBeUndefined();
});
