import type { Arc } from '@nearcast/protocol';

/**
 * Who fetches which part of a segment from the edge. A segment is cut into up to twelve stripes; each stripe has a point
 * on the ring for every rank, and belongs to the viewer whose arc it lies in: rank 0 fetches at once, ranks 1 and 2 when
 * nobody did in time. Twelve small stripes instead of one were the largest single gain in simulation (48 → 98 % of the
 * bytes at 1.2 × bitrate of uplink).
 */

export const MAX_STRIPES = 12;

/** Rank 0 at once, the backups after this share of the time until the deadline. */
export const RANK_DELAYS: readonly number[] = [0, 0.5, 0.7];

/** Steps of the golden ratio spread a segment's stripes evenly over the ring, so that no arc gets many of them. */
const GOLDEN = 0.618_033_988_749_894_9;

export const halves = [0, 1] as const;
type Half = (typeof halves)[number];

/** More than an arc from some hundred viewers on, much less than one of a few. */
const BETWEEN_HALVES = 1 / 128;

export type DutyRule =
  /** The tracker's division of the ring; `null`: this viewer has no share of it. */
  | { readonly by: 'arc'; readonly arc: Arc | null }
  /** Among these viewers, whoever scores highest for a stripe; numbers stand for viewers. */
  | { readonly by: 'election'; readonly me: number; readonly others: readonly number[] }
  /** Not yet: peers are about to be there. */
  | { readonly by: 'nobody' };

export function stripeCount(chunks: number): number {
  return Math.min(chunks, MAX_STRIPES);
}

/** The chunks of half a stripe: `first` up to `end`, the end not included. One chunk is all in the first half. */
export function halfChunks(
  stripe: number,
  half: Half,
  chunks: number,
): { readonly first: number; readonly end: number } {
  const stripes = stripeCount(chunks);
  const first = Math.ceil((stripe * chunks) / stripes);
  const end = Math.ceil(((stripe + 1) * chunks) / stripes);
  const middle = Math.ceil((first + end) / 2);
  return half === 0 ? { first, end: middle } : { first: middle, end };
}

/** A number for a segment, by which all viewers draw the same lots: the first 32 bits of its key. */
export function seedOf(key: string): number {
  return Number.parseInt(key.slice(0, 8), 16);
}

/** A number for a viewer, from its name (FNV-1a). */
export function viewerNumber(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * Where on the ring [0, 1) a half of a stripe lies for a rank. Both lie next to each other: where arcs are wide, one viewer
 * has both and fetches them in one request; in a large swarm two have them, and the second half is not sent after the first.
 */
export function ringPoint(seed: number, stripe: number, rank: number, half: Half = 0): number {
  const begin = rank === 0 ? seed : mix(seed + rank);
  return (begin / 2 ** 32 + stripe * GOLDEN + half * BETWEEN_HALVES) % 1;
}

/**
 * The best rank in which this viewer is to fetch half a stripe; `undefined` when it is not its business.
 * @param ranks so many are looked at
 */
export function dutyRank(
  rule: DutyRule,
  seed: number,
  stripe: number,
  half: Half = 0,
  ranks: number = RANK_DELAYS.length,
): number | undefined {
  switch (rule.by) {
    case 'arc':
      return rankByArc(rule.arc, seed, stripe, half, ranks);
    case 'election':
      return rankByElection(rule, seed, stripe, ranks);
    case 'nobody':
      return undefined;
  }
}

function rankByArc(arc: Arc | null, seed: number, stripe: number, half: Half, ranks: number): number | undefined {
  if (!arc) return undefined;
  for (let rank = 0; rank < ranks; rank++) {
    const past = ringPoint(seed, stripe, rank, half) - arc.start;
    if ((past < 0 ? past + 1 : past) < arc.width) return rank;
  }
  return undefined;
}

function rankByElection(
  { me, others }: Extract<DutyRule, { by: 'election' }>,
  seed: number,
  stripe: number,
  ranks: number,
): number | undefined {
  const lot = mix(seed + stripe);
  const mine = mix(me ^ lot);
  let better = 0;
  for (const other of others) {
    if (mix(other ^ lot) > mine) better += 1;
    if (better >= ranks) return undefined;
  }
  return better;
}

/** The finaliser of MurmurHash3: every bit of the number moves every bit of the result. */
export function mix(number: number): number {
  let hash = number >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
