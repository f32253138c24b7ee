import type { Arc } from '@nearcast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DutyRing, type RingMember } from './duty-ring.ts';

/** The arcs in ring order must follow each other without gap or overlap, and together be the whole ring. */
function expectWhole(ring: DutyRing<number>): void {
  if (ring.size === 0) return;
  const arcs = ring.arcs().flatMap(({ arc }) => arc ?? []);
  arcs.sort((a, b) => a.start - b.start);
  expect(arcs.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(1, 9);
  arcs.forEach((arc, index) => {
    const next = arcs[(index + 1) % arcs.length]?.start ?? 0;
    const gap = Math.abs(((arc.start + arc.width - next + 0.5) % 1) - 0.5);
    expect(gap).toBeLessThan(1e-9);
    expect(arc.width).toBeGreaterThan(0);
  });
}

test('a small ring is divided exactly by weight', () => {
  const ring = new DutyRing<string>(() => 0);
  expect(ring.add('a', 100)).toEqual([{ id: 'a', arc: { start: 0, width: 1 } }]);
  expect(ring.add('b', 300)).toEqual([
    { id: 'a', arc: { start: 0, width: 0.25 } },
    { id: 'b', arc: { start: 0.25, width: 0.75 } },
  ]);
  expect(ring.remove('a')).toEqual([{ id: 'b', arc: { start: 0, width: 1 } }]);
  expect(ring.remove('a')).toEqual([]);
});

test('weights that waver move nothing, weights that change do', () => {
  const ring = new DutyRing<string>(() => 0);
  ring.add('a', 100);
  ring.add('b', 100);
  expect(ring.reweigh('a', 120)).toEqual([]);
  expect(ring.reweigh('a', 300)).toEqual([
    { id: 'a', arc: { start: 0, width: 0.75 } },
    { id: 'b', arc: { start: 0.75, width: 0.25 } },
  ]);
});

describe('the slowest have no part', () => {
  test('but in a small ring all have one', () => {
    const ring = new DutyRing<string>(() => 0);
    ring.add('slow', 100);
    expect(ring.add('fast', 900)).toEqual([
      { id: 'slow', arc: { start: 0, width: 0.1 } },
      { id: 'fast', arc: { start: 0.1, width: 0.9 } },
    ]);
  });

  test('in a large ring, from when they are known to be slow until they are not', () => {
    const ring = new DutyRing<number>(() => 0.5);
    for (let id = 0; id < 100; id++) ring.add(id, 1_000);
    expect(ring.add(100, 100)).toEqual([{ id: 100, arc: null }]);
    const heirs = ring.reweigh(50, 200);
    expect(heirs).toContainEqual({ id: 50, arc: null });
    expect(heirs).toHaveLength(2);
    expect(ring.reweigh(50, 300)).toEqual([]);
    expect(ring.reweigh(50, 800)).toContainEqual({
      id: 50,
      arc: expect.objectContaining({ width: expect.any(Number) }),
    });
    expect(ring.remove(100)).toEqual([]);
    expectWhole(ring);
  });

  test('until the ring is small', () => {
    const ring = new DutyRing<number>(() => 0);
    ring.divideAmong(Array.from({ length: 26 }, (_, id) => [id, id < 20 ? 1_000 : 100] as const));
    expect(ring.remove(25)).toEqual([]);
    expect(ring.remove(24).filter(({ id, arc }) => id >= 20 && arc !== null)).toHaveLength(4);
    expectWhole(ring);
  });

  test('unless all others are gone', () => {
    const ring = new DutyRing<number>(() => 0);
    for (let id = 0; id < 60; id++) ring.add(id, id < 30 ? 1_000 : 100);
    for (let id = 0; id < 30; id++) ring.remove(id);
    expect(ring.arcs().filter(({ arc }) => arc !== null)).toHaveLength(30);
    expectWhole(ring);
  });
});

type Kind = 'add' | 'remove' | 'reweigh';

describe('a large ring', () => {
  const operations = fc.array(
    fc.record({
      kind: fc.constantFrom<Kind>('add', 'add', 'remove', 'reweigh'),
      id: fc.nat(200),
      weight: fc.integer({ min: 1, max: 10_000_000 }),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { minLength: 60, maxLength: 300 },
  );

  /** With so many parts no more are told. */
  const BOUNDS = { add: { parts: 24, told: 2 }, remove: { parts: 26, told: 1 }, reweigh: { parts: 25, told: 3 } };

  /** Does one step, and checks how many members it told. */
  function take(ring: DutyRing<number>, members: Set<number>, step: { kind: Kind; id: number; weight: number }): void {
    const { kind, id, weight } = step;
    const parts = ring.arcs().filter(({ arc }) => arc !== null).length;
    let told = 0;
    if (kind === 'add' && !members.has(id)) {
      members.add(id);
      told = ring.add(id, weight).length;
    } else if (kind === 'remove') {
      members.delete(id);
      told = ring.remove(id).length;
    } else if (kind === 'reweigh') told = ring.reweigh(id, weight).length;
    expect(told).toBeLessThanOrEqual(parts >= BOUNDS[kind].parts ? BOUNDS[kind].told : ring.size);
  }

  test('stays whole, and tells few of a change', () => {
    const run = (steps: { kind: Kind; id: number; weight: number; chance: number }[]) => {
      let chance = 0;
      const ring = new DutyRing<number>(() => chance);
      const members = new Set<number>();
      for (const step of steps) {
        chance = step.chance;
        take(ring, members, step);
        expect(ring.size).toBe(members.size);
        expectWhole(ring);
      }
    };
    fc.assert(fc.property(operations, run), { numRuns: 50 });
  });

  test('what is told is what the ring has', () => {
    let state = 1;
    const ring = new DutyRing<number>(() => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    });
    const told = new Map<number, Arc | null>();
    const note = (members: readonly RingMember<number>[]) => {
      for (const { id, arc } of members) told.set(id, arc);
    };
    for (let id = 0; id < 300; id++) note(ring.add(id, 1 + (id % 7)));
    for (let id = 0; id < 300; id += 3) {
      note(ring.remove(id));
      told.delete(id);
    }
    for (let id = 1; id < 300; id += 3) note(ring.reweigh(id, 20));
    expect(new Map(ring.arcs().map(({ id, arc }) => [id, arc]))).toEqual(told);
    const widest = Math.max(...ring.arcs().map(({ arc }) => arc?.width ?? 0));
    expect(widest).toBeLessThan(12 / ring.size);
  });
});
