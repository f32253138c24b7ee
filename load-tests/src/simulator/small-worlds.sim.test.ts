import { expect, test } from 'vitest';
import { hostileKinds } from './hostile-viewer.ts';
import { seededRandom } from './seeded-random.ts';
import { World, type WorldConfig } from './world.ts';

const MBIT = 1_000_000;

/** Per viewer: what is said before the first chunk. */
const GREETING_BYTES = 1024;

/** A small world drawn from its seed: lines, losses, NATs, comings and goings. Wrong bytes throw by themselves. */
function drawWorld(seed: number): Partial<WorldConfig> {
  const random = seededRandom(seed * 7919);
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const uplinks = Array.from({ length: 12 }, () => pick(0.3, 0.8, 1.2, 2, 5, 50) * MBIT);
  return {
    seed,
    viewers: pick(2, 3, 4, 6, 8),
    seconds: 30,
    warmUpSeconds: 10,
    live: random() < 0.75,
    joinEveryMs: pick(0, 200, 2_000),
    uplink: (viewer) => uplinks[viewer % uplinks.length] as number,
    lossShare: pick(0, 0, 0.01, 0.05),
    nat: (draw) => (draw() < 0.3 ? 'symmetric' : 'restricted'),
    meanStaySeconds: pick(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 15),
    exodus: pick(undefined, undefined, { atSeconds: 15, share: 0.5 }),
    trackerAway: pick(undefined, undefined, { fromSeconds: 20, toSeconds: 1_000 }),
  };
}

test.each(Array.from({ length: 36 }, (_, index) => index + 1))(
  'the world of seed %i plays without a stall',
  async (seed) => {
    const result = await new World(drawWorld(seed)).run();
    expect.soft(result.stalls).toBe(0);
    expect.soft(result.viewers.map(({ rejectedPeers }) => rejectedPeers).every((count) => count === 0)).toBe(true);
    // Greetings are not for nothing when one of two leaves before anything is passed on (seed 10).
    const sum = (name: 'peerBytes' | 'controlBytes') =>
      result.viewers.reduce((total, viewer) => total + viewer[name], 0);
    expect.soft(sum('controlBytes') / 2).toBeLessThan(0.1 * sum('peerBytes') + GREETING_BYTES * result.viewers.length);
    // Nobody is started later than without peers: a playlist's two trips, and the first segment.
    expect.soft(result.startupMs.max).toBeLessThan(400);
  },
);

test('the same seed is the same world', async () => {
  const [first, second] = [await new World(drawWorld(3)).run(), await new World(drawWorld(3)).run()];
  expect(second).toEqual(first);
});

test('uplinks that carry the stream bring the edge down to about one copy', async () => {
  const { offload, bound } = await new World({ viewers: 8, seconds: 45, uplink: () => 2 * MBIT }).run();
  expect(offload / bound).toBeGreaterThan(0.96);
});

test('and so do uplinks that just carry it, with all that packets cost', async () => {
  const { offload, bound } = await new World({ viewers: 8, seconds: 45, uplink: () => 1.34 * MBIT }).run();
  expect(offload / bound).toBeGreaterThan(0.98);
});

test.each([
  [4, 2],
  [8, 6],
  [3, 10],
  [0.1, 4],
])(
  '%f Mbit/s in segments of %i s: with lines of 1.5 times that, and 1 at least, the edge sends about one copy',
  async (mbit, segmentSeconds) => {
    // Six segments are few, and worlds differ by some points.
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    let ofBound = 0;
    for (const seed of seeds) {
      const { offload, bound, stalls } = await new World({
        seed,
        viewers: 8,
        bitsPerSecond: mbit * MBIT,
        segmentSeconds,
        seconds: 10 * segmentSeconds,
        warmUpSeconds: 4 * segmentSeconds,
        uplink: () => Math.max(1, 1.5 * mbit) * MBIT,
        downlink: 50 * MBIT,
      }).run();
      ofBound += offload / bound / seeds.length;
      expect(stalls).toBe(0);
    }
    expect(ofBound).toBeGreaterThan(0.97);
  },
);

test('who came last to a large swarm asks for more neighbours where they are not enough', async () => {
  const { viewers } = await new World({ viewers: 40, seconds: 30, joinEveryMs: 100, uplink: () => 0.7 * MBIT }).run();
  expect(Math.min(...viewers.map(({ peers }) => peers))).toBeGreaterThanOrEqual(12);
});

test('when the edge is away for a moment, those who have enough ahead do not notice', async () => {
  const away = { fromSeconds: 30, toSeconds: 32 };
  const { stalls } = await new World({ viewers: 6, seconds: 45, uplink: () => 5 * MBIT, edgeAway: away }).run();
  expect(stalls).toBe(0);
});

/** Whoever breaks a rule is left; whoever only wastes time is worked around. */
const rejected = new Set(['wrong-bytes', 'wrong-manifest', 'garbage', 'piece-flood', 'control-flood', 'repeating']);

test.each(hostileKinds)('two viewers that do harm (%s) neither stall nor deceive the others', async (kind) => {
  // Whoever is on duty has the manifest from the edge: among few that is everybody, and nobody would be deceived.
  const viewers = kind === 'wrong-manifest' ? 32 : 6;
  const world = new World({ viewers, seconds: 40, uplink: () => 3 * MBIT, hostile: [kind, kind] });
  const result = await world.run();
  expect.soft(result.stalls).toBe(0);
  const rejections = result.viewers.reduce((sum, viewer) => sum + viewer.rejectedPeers, 0);
  if (rejected.has(kind)) expect.soft(rejections).toBeGreaterThan(0);
  else expect.soft(rejections).toBe(0);
  // They cost something, but the swarm lives on.
  expect.soft(result.offload).toBeGreaterThan(0.5);
});
