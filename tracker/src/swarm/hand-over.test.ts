import { expect, test } from 'vitest';
import { type Standing, type ViewerOutbox, ViewerSwarms, viewerSwarmsDefaults } from './viewer-swarms.ts';

const join = { type: 'join', swarm: 's', engine: 'swarm', upload: true } as const;

function swarmOf(size: number) {
  const swarms = new ViewerSwarms(viewerSwarmsDefaults, Math.random);
  for (let viewer = 1; viewer <= size; viewer++) swarms.join(viewer, `v${viewer}`, join, '', 0, []);
  return swarms;
}

const linksOf = (swarms: ViewerSwarms, viewer: number) =>
  Array.from(swarms.viewerAt(viewer)?.links ?? [], ({ id }) => id).sort();

/** Joins everybody of one at the other, as replicas do. */
function handOver(from: ViewerSwarms, order: readonly number[], out: ViewerOutbox): ViewerSwarms {
  const to = new ViewerSwarms(viewerSwarmsDefaults, Math.random);
  for (const viewer of order) {
    to.join(viewer, `v${viewer}`, join, '', 0, out, from.standingOf(viewer) as Standing);
  }
  return to;
}

test.each([8, 60])('a swarm of %i moves with all its pairs; nobody is introduced, and all have duty', (size) => {
  const before = swarmOf(size);
  const all = before.viewersOf('s').map(({ connection }) => connection);
  const out: ViewerOutbox = [];
  const after = handOver(before, all.toReversed(), out);
  expect(out.filter(({ message }) => message.type !== 'duty')).toEqual([]);
  for (const viewer of all) {
    expect(linksOf(after, viewer)).toEqual(linksOf(before, viewer));
    expect(after.viewerAt(viewer)?.claims?.size ?? 0).toBe(0);
  }
  const covered = all.reduce((sum, viewer) => {
    const found = after.viewerAt(viewer);
    return sum + (found?.ring?.widthOf(found) ?? 0);
  }, 0);
  expect(covered).toBeCloseTo(1);
  before.forget('s');
  expect([before.viewerCount, before.swarmCount]).toEqual([0, 0]);
});

test('a neighbour that never comes is no gap until the viewer says that it is gone', () => {
  const before = swarmOf(3);
  const out: ViewerOutbox = [];
  const after = handOver(before, [1, 2], out);
  expect(linksOf(after, 1)).toEqual(['v2']);
  expect(after.viewerAt(1)?.degree).toBe(2);
  expect(after.unlink(1, 'v3', 'closed')).toBe(true);
  expect(after.viewerAt(1)?.degree).toBe(1);
  expect(after.unlink(1, 'v3', 'closed')).toBe(false);
});

test('a pair of which only one knows is not introduced while that one waits for it', () => {
  const swarms = new ViewerSwarms(viewerSwarmsDefaults, Math.random);
  const out: ViewerOutbox = [];
  swarms.join(1, 'v1', join, '', 0, out, { links: ['v2'], avoids: [] });
  swarms.join(2, 'v2', join, '', 0, out, { links: [], avoids: [] });
  expect(out.filter(({ message }) => message.type === 'introduce')).toEqual([]);
  // The other may never have heard of it: this was no attempt.
  swarms.unlink(1, 'v2', 'failed');
  swarms.want(2, 3, out);
  expect(out.filter(({ message }) => message.type === 'introduce').length).toBe(2);
});

test('whom a viewer avoided it avoids at the new place too', () => {
  const before = swarmOf(2);
  before.unlink(1, 'v2', 'rejected');
  const out: ViewerOutbox = [];
  handOver(before, [1, 2], out);
  expect(out.filter(({ message }) => message.type === 'introduce')).toEqual([]);
});

test('the same viewer over another way keeps its neighbours and its name', () => {
  const swarms = swarmOf(4);
  const standing = swarms.standingOf(2) as Standing;
  const out: ViewerOutbox = [];
  swarms.join(-7, 'v2', join, '', 0, out, standing);
  expect(out.filter(({ message }) => message.type === 'introduce')).toEqual([]);
  expect(linksOf(swarms, -7)).toEqual(['v1', 'v3', 'v4']);
  expect(swarms.viewerAt(2)).toBeUndefined();
  expect(swarms.viewerCount).toBe(4);
});
