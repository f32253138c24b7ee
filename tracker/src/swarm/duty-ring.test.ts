import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DutyRing } from './duty-ring.ts';

/** The arcs in ring order must follow each other without gap or overlap, and together be the whole ring. */
function expectWhole(ring: DutyRing<number>): void {
  const arcs = ring.arcs();
  if (arcs.length === 0) return;
  expect(arcs.reduce((sum, { arc }) => sum + arc.width, 0)).toBeCloseTo(1, 9);
  arcs.forEach(({ arc }, index) => {
    const next = arcs[(index + 1) % arcs.length]?.arc.start ?? 0;
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

describe('a large ring', () => {
  const operations = fc.array(
    fc.record({
      kind: fc.constantFrom('add', 'add', 'remove', 'reweigh'),
      id: fc.nat(200),
      weight: fc.integer({ min: 1, max: 10_000_000 }),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { minLength: 60, maxLength: 300 },
  );

  /** Does one step, and checks how many members it told. */
  function take(
    ring: DutyRing<number>,
    members: Set<number>,
    step: { kind: string; id: number; weight: number },
  ): void {
    const { kind, id, weight } = step;
    const before = ring.size;
    if (kind === 'add' && !members.has(id)) {
      members.add(id);
      const told = ring.add(id, weight).length;
      expect(told).toBeLessThanOrEqual(before >= 24 ? 2 : before + 1);
    } else if (kind === 'remove') {
      members.delete(id);
      const told = ring.remove(id).length;
      expect(told).toBeLessThanOrEqual(before > 25 ? 1 : before);
    } else if (kind === 'reweigh') {
      ring.reweigh(id, weight);
    }
  }

  test('stays whole, and tells few of a change', () => {
    const run = (steps: { kind: string; id: number; weight: number; chance: number }[]) => {
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
    const told = new Map<number, { start: number; width: number }>();
    const note = (members: readonly { id: number; arc: { start: number; width: number } }[]) => {
      for (const { id, arc } of members) told.set(id, arc);
    };
    for (let id = 0; id < 300; id++) note(ring.add(id, 1 + (id % 7)));
    for (let id = 0; id < 300; id += 3) {
      note(ring.remove(id));
      told.delete(id);
    }
    for (let id = 1; id < 300; id += 3) note(ring.reweigh(id, 20));
    expect(new Map(ring.arcs().map(({ id, arc }) => [id, arc]))).toEqual(told);
    const widest = Math.max(...ring.arcs().map(({ arc }) => arc.width));
    expect(widest).toBeLessThan(12 / ring.size);
  });
});
