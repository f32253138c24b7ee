import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nowhere, type Place } from '../locality/place.ts';
import type { Cell } from './cell.ts';
import { type Move, RegionCells } from './region-cells.ts';
import { Viewer } from './viewer.ts';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const viewerAt = (number: number, place: Partial<Place> = {}): Viewer =>
  new Viewer(
    `v${number}`,
    number,
    { type: 'join', swarm: 's', engine: 'swarm', upload: true },
    { ...nowhere, ...place },
    0,
    { links: [], avoids: [], dutyBitsPerSecond: 1 },
  );
const cellsOf = (viewers: readonly Viewer[]) => new Set(viewers.map(({ cell }) => cell));

test('a region is one cell until that is full', () => {
  const region = new RegionCells(50, seeded(1));
  for (let number = 0; number < 50; number++) expect(region.add(viewerAt(number))).toBeUndefined();
  expect(region.cells).toHaveLength(1);
  const move = region.add(viewerAt(50));
  expect(region.cells).toHaveLength(2);
  expect([move?.viewers.length, move?.from.size, move?.to.size]).toEqual([26, 25, 26]);
});

test('a large cell is divided step by step', () => {
  const region = new RegionCells(500, seeded(4));
  const viewers = Array.from({ length: 600 }, (_, number) => viewerAt(number, { city: number % 2 ? 'Bonn' : 'Kiel' }));
  const moves = viewers.map((viewer) => region.add(viewer)).filter((move) => move !== undefined);
  expect(moves.length).toBeGreaterThan(14);
  expect(Math.max(...moves.map((move) => move.viewers.length))).toBe(16);
  expect(new Set(moves.flatMap((move) => move.viewers)).size).toBe(251);
  const [inBonn, inKiel] = region.cells.map(
    ({ viewers: all }) => all.filter(({ place }) => place.city === 'Bonn').length,
  );
  // Newcomers go where most of theirs are, which changes only when half of them have moved.
  expect(inBonn).toBe(300);
  expect(inKiel).toBe(0);
});

test('cities stay together when a cell is divided, and newcomers find theirs', () => {
  const region = new RegionCells(60, seeded(2));
  const viewers = Array.from({ length: 400 }, (_, number) =>
    viewerAt(number, { city: ['Bonn', 'Kiel', 'Ulm'][number % 3] ?? '' }),
  );
  for (const viewer of viewers) region.add(viewer);
  const cities = region.cells.map((cell) => new Set(cell.viewers.map(({ place }) => place.city)).size);
  expect(Math.max(...cities)).toBeLessThanOrEqual(2);
  expect(cities.filter((count) => count === 1).length).toBeGreaterThan(region.cells.length / 2);
});

test('a LAN is not torn apart', () => {
  const region = new RegionCells(60, seeded(3));
  const viewers = Array.from({ length: 600 }, (_, number) =>
    viewerAt(number, { lan: `lan ${number % 100}`, network: `AS${number % 7}` }),
  );
  for (const viewer of viewers) region.add(viewer);
  for (let lan = 0; lan < 100; lan++)
    expect(cellsOf(viewers.filter(({ place }) => place.lan === `lan ${lan}`)).size).toBe(1);
});

describe('whoever comes and goes', () => {
  const steps = fc.array(
    fc.record({
      joins: fc.boolean(),
      who: fc.nat(400),
      lan: fc.constantFrom('', 'l1', 'l2', 'l3'),
      network: fc.constantFrom('', 'AS1', 'AS2'),
      city: fc.constantFrom('', 'Bonn', 'Kiel'),
    }),
    { minLength: 50, maxLength: 800 },
  );

  /** Every viewer is in just the cell that it names, and in the pools of its LAN and network there. */
  function expectSound(region: RegionCells, viewers: readonly Viewer[], maxSize: number): void {
    expect(region.cells.reduce((sum, { size }) => sum + size, 0)).toBe(viewers.length);
    for (const cell of region.cells) {
      expect(cell.size).toBeGreaterThan(0);
      expect(cell.size).toBeLessThanOrEqual(maxSize);
    }
    const pools = new Map<Cell, ReadonlySet<Viewer>>(region.cells.map((cell) => [cell, new Set(cell.viewers)]));
    for (const viewer of viewers) {
      const cell = viewer.cell as Cell;
      expect(pools.get(cell)?.has(viewer)).toBe(true);
      if (viewer.place.lan !== '') expect(cell.inLan(viewer.place.lan)).toContain(viewer);
      if (viewer.place.network !== '') expect(cell.inNetwork(viewer.place.network)).toContain(viewer);
    }
  }

  type Step = typeof steps extends fc.Arbitrary<(infer Each)[]> ? Each : never;

  function take(region: RegionCells, viewers: Map<number, Viewer>, { joins, who, ...place }: Step): Move | undefined {
    const present = viewers.get(who);
    if (!joins) {
      viewers.delete(who);
      return present && region.delete(present);
    }
    if (present) return undefined;
    const viewer = viewerAt(who, place);
    viewers.set(who, viewer);
    return region.add(viewer);
  }

  test('cells stay bounded and sound, and moves are told whole', () => {
    let moves = 0;
    const run = (given: Step[], seed: number) => {
      const region = new RegionCells(20, seeded(seed));
      const viewers = new Map<number, Viewer>();
      for (const step of given) {
        const move = take(region, viewers, step);
        if (!move) continue;
        moves += 1;
        expect(new Set(move.viewers.map(({ cell }) => cell))).toEqual(new Set([move.to]));
      }
      expectSound(region, [...viewers.values()], 20);
    };
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 1000 }), run), { numRuns: 60 });
    expect(moves).toBeGreaterThan(20);
  });

  test('a region that has emptied has few cells again', () => {
    const region = new RegionCells(50, seeded(5));
    const viewers = Array.from({ length: 2000 }, (_, number) => viewerAt(number, { network: `AS${number % 11}` }));
    for (const viewer of viewers) region.add(viewer);
    expect(region.cells.length).toBeGreaterThan(40);
    for (const viewer of viewers.slice(100)) region.delete(viewer);
    expect(region.cells.length).toBeLessThanOrEqual(8);
    for (const viewer of viewers.slice(0, 100)) region.delete(viewer);
    expect(region.cells).toEqual([]);
  });
});
