import { type Manifest, SMALL_CHUNK_BYTES } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { ASKED_EDGE, ASKED_PEER } from '../scheduling/plan-view.ts';
import { SegmentTask } from './segment-task.ts';

/** Of four chunks. */
function setUp() {
  const none = new Uint8Array(0);
  const manifest: Manifest = {
    keyId: none,
    key: none,
    size: 4 * SMALL_CHUNK_BYTES,
    chunkSize: SMALL_CHUNK_BYTES,
    hashes: none,
    signature: none,
  };
  const task = new SegmentTask('00'.repeat(16), {
    learnedAt: 0,
    durationSeconds: 2,
    rendition: 1,
    sequence: 1,
    place: undefined,
    start: 0,
    isLive: true,
  });
  return { task, manifest };
}

test('any news is of use until the manifest has been asked for, and none until it is here', () => {
  const { task, manifest } = setUp();
  expect(task.lacks([{ first: 0, count: 1 }])).toBe(true);
  task.manifest = 'asked';
  expect(task.lacks([{ first: 0, count: 1 }])).toBe(false);
  task.setManifest(manifest);
  expect(task.lacks([{ first: 0, count: 1 }])).toBe(true);
});

test('news of chunks that are here, or asked for, is of no use', () => {
  const { task, manifest } = setUp();
  task.setManifest(manifest);
  task.hold(0);
  task.mark(1, ASKED_PEER);
  task.mark(2, ASKED_EDGE);
  expect(task.lacks([{ first: 0, count: 3 }])).toBe(false);
  expect(task.lacks([{ first: 0, count: 4 }])).toBe(true);
  expect(
    task.lacks([
      { first: 0, count: 1 },
      { first: 3, count: 1 },
    ]),
  ).toBe(true);
  task.unmark(1, ASKED_PEER);
  expect(task.lacks([{ first: 0, count: 1 }])).toBe(false);
  expect(task.lacks([{ first: 1, count: 1 }])).toBe(true);
  expect(task.lacks([{ first: 9, count: 3 }])).toBe(false);
});
