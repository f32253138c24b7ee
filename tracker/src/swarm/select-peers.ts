import type { Random } from '../random.ts';

/** A viewer that may be introduced to another, as far as the choice goes. */
export interface Candidate {
  /** How many neighbours it has already. */
  readonly degree: number;
}

/** For one neighbour, too, there is to be a choice, even if most that are drawn cannot be met. */
const MIN_DRAWS = 8;

/**
 * Chooses up to `count` neighbours from a pool: some are drawn at random, and of these the loneliest win, so that degrees
 * stay even and the mesh stays random, at a cost that does not grow with the pool.
 *
 * @param costOf what speaks against a candidate, in neighbours that it has too many
 */
export function selectPeers<T extends Candidate>(
  pool: readonly T[],
  count: number,
  mayMeet: (candidate: T) => boolean,
  random: Random,
  costOf: (candidate: T) => number = () => 0,
): T[] {
  if (count <= 0) return [];
  const drawn = new Set<T>();
  const draws = Math.min(pool.length, Math.max(MIN_DRAWS, 4 * count));
  if (draws === pool.length) for (const candidate of pool) drawn.add(candidate);
  // A candidate drawn twice counts once: with a large pool that is rare, with a small one all are looked at anyway.
  else for (let draw = 0; draw < draws; draw++) drawn.add(pool[Math.floor(random() * pool.length)] as T);
  return [...drawn]
    .filter(mayMeet)
    .map((candidate) => ({ candidate, rank: candidate.degree + costOf(candidate) + random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}
