import type { Arc } from '@nearcast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nowhere } from '../locality/place.ts';
import type { Viewer } from './viewer.ts';
import type { ViewerOutbox } from './viewer-outbox.ts';
import { ViewerSwarms, viewerSwarmsDefaults } from './viewer-swarms.ts';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What each viewer believes its arc to be, as it was told. */
function world(config: Partial<typeof viewerSwarmsDefaults> = {}, seed = 7) {
  const swarms = new ViewerSwarms({ ...viewerSwarmsDefaults, ...config }, seeded(seed));
  const arcs = new Map<number, Arc | null>();
  const run = (command: (out: ViewerOutbox) => void): ViewerOutbox => {
    const out: ViewerOutbox = [];
    command(out);
    for (const { to, message } of out) if (message.type === 'duty') arcs.set(to, message.arc);
    return out;
  };
  const join = (number: number, place: Partial<typeof nowhere> = {}, upload = true) =>
    run((out) => {
      const message = { type: 'join', swarm: 's', engine: 'swarm', upload } as const;
      swarms.join(number, `v${number}`, message, { ...nowhere, ...place }, 0, out);
    });
  const leave = (number: number) =>
    run((out) => {
      swarms.leave(number, out);
      arcs.delete(number);
    });
  return { swarms, arcs, run, join, leave };
}

const duties = (out: ViewerOutbox) => out.filter(({ message }) => message.type === 'duty').length;

/** Each ring is whole, of those on it and no others, and all were told so. */
function expectWholeRings(swarms: ViewerSwarms, arcs: ReadonlyMap<number, Arc | null>): void {
  const all = swarms.viewersOf('s');
  for (const ring of new Set(all.map((viewer) => viewer.ring))) {
    const members = all.filter((viewer) => viewer.ring === ring);
    const widths = members.map(({ connection }) => arcs.get(connection)?.width ?? 0);
    const total = widths.reduce((sum, width) => sum + width, 0);
    if (ring === undefined) expect(total).toBe(0);
    else {
      expect(total).toBeCloseTo(1, 9);
      expect(ring.size).toBe(members.length);
    }
  }
}

describe('whoever comes, goes, or changes its mind', () => {
  const step = fc.record({
    what: fc.constantFrom('join', 'join', 'join', 'leave', 'update', 'heard'),
    who: fc.nat(250),
    region: fc.constantFrom('DE', 'DE', 'FR', ''),
    network: fc.constantFrom('AS1', 'AS2', ''),
    upload: fc.boolean(),
    dutyBitsPerSecond: fc.constantFrom(0, 500_000, 1_000_000, 8_000_000),
    at: fc.constantFrom(0, 70_000),
  });

  type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

  test('every ring stays whole, and those who may not upload are on none', () => {
    const run = (steps: Step[], seed: number) => {
      const { swarms, arcs, run: command, join, leave } = world({ cellSize: 60 }, seed);
      const take: Record<string, (step: Step) => unknown> = {
        join: ({ who, upload, ...place }) => join(who, { region: place.region, network: place.network }, upload),
        leave: ({ who }) => leave(who),
        update: ({ who, upload, dutyBitsPerSecond }) =>
          command((out) => swarms.update(who, upload, dutyBitsPerSecond, out)),
        heard: ({ who, at }) => command((out) => swarms.heard(who, [], at, out)),
      };
      for (const each of steps) take[each.what]?.(each);
      expectWholeRings(swarms, arcs);
      for (const { upload, dutyBitsPerSecond, ring, connection } of swarms.viewersOf('s')) {
        if (upload && dutyBitsPerSecond > 0) expect(ring).toBeDefined();
        else expect(arcs.get(connection) ?? null).toBeNull();
      }
    };
    const steps = fc.array(step, { minLength: 100, maxLength: 600 });
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 1_000_000 }), run), { numRuns: 30 });
  });
});

test('in a cell with many a join or a leave touches two', () => {
  const { join, leave } = world();
  for (let number = 0; number < 200; number++) join(number, { region: 'DE' });
  const joins = Array.from({ length: 100 }, (_, index) => duties(join(200 + index, { region: 'DE' })));
  const leaves = Array.from({ length: 100 }, (_, index) => duties(leave(3 * index)));
  expect([...new Set(joins)]).toEqual([2]);
  expect([...new Set(leaves)]).toEqual([1]);
});

test('a cell that is divided becomes two rings, and each of its viewers hears of it once', () => {
  const { swarms, arcs, join } = world({ cellSize: 100 });
  for (let number = 0; number < 100; number++) join(number, { region: 'DE', network: `AS${number % 2}` });
  expect(duties(join(100, { region: 'DE', network: 'AS1' }))).toBeLessThanOrEqual(103);
  expect(new Set(swarms.viewersOf('s').map(({ ring }) => ring)).size).toBe(2);
  expectWholeRings(swarms, arcs);
});

test('who has stayed a minute is given twice as much as a newcomer', () => {
  const { swarms, arcs, run, join } = world();
  join(1);
  join(2);
  run((out) => swarms.heard(1, [], 59_999, out));
  expect(arcs.get(1)?.width).toBe(0.5);
  run((out) => swarms.heard(1, [], 60_000, out));
  expect(arcs.get(1)?.width).toBeCloseTo(2 / 3);
  const again = run((out) => swarms.heard(1, [], 90_000, out));
  expect(again).toEqual([]);
  run((out) => swarms.update(2, true, 1_000_000, out));
  expect(arcs.get(2)?.width).toBeCloseTo(0.5);
});

test('widths follow what viewers can pass on, in large rings as well', () => {
  const { swarms, arcs, run, join } = world();
  for (let number = 0; number < 300; number++) {
    join(number, { region: 'DE' });
    run((out) => swarms.update(number, true, number % 3 === 0 ? 4_000_000 : 1_000_000, out));
  }
  const mean = (members: readonly Viewer[]) =>
    members.reduce((sum, { connection }) => sum + (arcs.get(connection)?.width ?? 0), 0) / members.length;
  const [strong, weak] = [
    (viewer: Viewer) => viewer.dutyBitsPerSecond > 1_000_000,
    (viewer: Viewer) => viewer.dutyBitsPerSecond === 1_000_000,
  ];
  const all = swarms.viewersOf('s');
  const ratio = mean(all.filter(strong)) / mean(all.filter(weak));
  expect(ratio).toBeGreaterThan(2.5);
  expect(ratio).toBeLessThan(6);
});
