import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type DutyRule,
  dutyRank,
  halfChunks,
  halves,
  MAX_STRIPES,
  seedOf,
  stripeCount,
  viewerNumber,
} from './fetch-duty.ts';

const chunkCounts = fc.integer({ min: 1, max: 128 });
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 20 });

test('halves of stripes cut a segment without gap or overlap, and no first half is empty', () => {
  fc.assert(
    fc.property(chunkCounts, (chunks) => {
      let next = 0;
      for (let stripe = 0; stripe < stripeCount(chunks); stripe++) {
        const [head, tail] = halves.map((half) => halfChunks(stripe, half, chunks));
        expect(head).toEqual({ first: next, end: tail?.first });
        expect(head?.end).toBeGreaterThan(next);
        next = tail?.end ?? 0;
        expect(next).toBeGreaterThanOrEqual(head?.end ?? 0);
      }
      expect(next).toBe(chunks);
    }),
  );
});

test('arcs that divide the ring give each half of a stripe to one viewer of rank 0, wherever the ring begins', () => {
  // Binary fractions, so that the arcs' ends and beginnings are the same numbers.
  const cuts = fc.uniqueArray(
    fc.integer({ min: 0, max: 4095 }).map((number) => number / 4096),
    { minLength: 2, maxLength: 12 },
  );
  fc.assert(
    fc.property(cuts, seeds, (unsorted, seed) => {
      const starts = unsorted.sort((a, b) => a - b);
      const arcs = starts.map((start, index) => {
        const next = starts[(index + 1) % starts.length] as number;
        return { start, width: index + 1 < starts.length ? next - start : 1 - start + next };
      });
      for (let stripe = 0; stripe < MAX_STRIPES; stripe++) {
        for (const half of halves) {
          const owners = arcs.filter((arc) => dutyRank({ by: 'arc', arc }, seed, stripe, half) === 0);
          expect(owners).toHaveLength(1);
        }
      }
    }),
  );
});

test('an election gives each stripe to one viewer of each rank, as all viewers see it', () => {
  fc.assert(
    fc.property(names, seeds, (viewers, seed) => {
      const numbers = viewers.map(viewerNumber);
      fc.pre(new Set(numbers).size === numbers.length);
      for (let stripe = 0; stripe < MAX_STRIPES; stripe++) {
        const ranks = numbers.flatMap((me) => {
          const rule: DutyRule = { by: 'election', me, others: numbers.filter((number) => number !== me) };
          return dutyRank(rule, seed, stripe) ?? [];
        });
        expect(ranks.sort()).toEqual([0, 1, 2].slice(0, Math.min(3, viewers.length)));
      }
    }),
  );
});

test("the halves of a stripe are one viewer's among a few, and two viewers' among hundreds", () => {
  const shareOfTogether = (viewers: number): number => {
    const arcs = Array.from({ length: viewers }, (_, index) => ({ start: index / viewers, width: 1 / viewers }));
    const lots = Array.from({ length: 500 }, (_, index) => ({ seed: index * 8_589_934, stripe: index % MAX_STRIPES }));
    const together = lots.filter(({ seed, stripe }) => {
      const [first, second] = halves.map((half) =>
        arcs.findIndex((arc) => dutyRank({ by: 'arc', arc }, seed, stripe, half) === 0),
      );
      return first === second;
    });
    return together.length / lots.length;
  };
  expect(shareOfTogether(8)).toBeGreaterThan(0.9);
  expect(shareOfTogether(300)).toBe(0);
});

test.each<[DutyRule]>([[{ by: 'nobody' }], [{ by: 'arc', arc: null }], [{ by: 'arc', arc: { start: 0.3, width: 0 } }]])(
  '%j is no duty',
  (rule) => {
    for (let stripe = 0; stripe < MAX_STRIPES; stripe++) expect(dutyRank(rule, 12_345, stripe)).toBeUndefined();
  },
);

test('numbers are the same everywhere', () => {
  expect(seedOf('00ff00ff000000000000000000000000')).toBe(0x00ff00ff);
  expect(viewerNumber('viewer-a')).toBe(viewerNumber('viewer-a'));
  expect(viewerNumber('viewer-a')).not.toBe(viewerNumber('viewer-b'));
});
