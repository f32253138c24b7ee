import { type ChunkRun, MAX_CHUNKS } from '@nearcast/protocol';

/**
 * What neighbours say that they have, and that they are fetching from the edge. What they have is one list for all, by
 * segment and chunk, with a bit for each: every plan asks of every missing chunk who has it.
 */

/** A peer that names more segments than that is flooding; its oldest are forgotten. */
const MAX_SEGMENTS = 512;

/** A fetch that has not become a `have` by then came to nothing, ms. */
const FETCHING_LASTS_MS = 4_000;

export interface Holding {
  /** Neighbours that have named the segment. */
  knownBy: number;
  /** By chunk: neighbours that have it. */
  readonly has: Int32Array;
}

/** Of all neighbours, by segment. */
export type Holdings = Map<string, Holding>;

/** What one neighbour has. */
export class RemoteHoldings {
  /** Where it is among the others. */
  readonly bit: number;
  readonly #all: Holdings;
  /** By segment: until when each chunk counts as being fetched, ms on our clock; few segments ever need it. */
  readonly #fetchingUntil = new Map<string, Float64Array>();
  /** How many segments it has named. */
  #named = 0;

  constructor(all: Holdings, bit: number) {
    this.#all = all;
    this.bit = bit;
  }

  has(key: string, chunk: number): boolean {
    return ((this.#all.get(key)?.has[chunk] ?? 0) & this.bit) !== 0;
  }

  isFetching(key: string, chunk: number, now: number): boolean {
    return (this.#fetchingUntil.get(key)?.[chunk] ?? 0) > now;
  }

  knows(key: string): boolean {
    return ((this.#all.get(key)?.knownBy ?? 0) & this.bit) !== 0;
  }

  addHave(key: string, runs: readonly ChunkRun[]): void {
    const { has } = this.#open(key);
    for (const { first, count } of runs) {
      for (let chunk = first; chunk < first + count; chunk++) has[chunk] = (has[chunk] as number) | this.bit;
    }
  }

  addFetching(key: string, runs: readonly ChunkRun[], now: number): void {
    this.#open(key);
    const until = this.#fetchingUntil.get(key) ?? new Float64Array(MAX_CHUNKS);
    this.#fetchingUntil.set(key, until);
    for (const { first, count } of runs) until.fill(now + FETCHING_LASTS_MS, first, first + count);
  }

  /** It said so, but it has not. */
  lacks(key: string, chunk: number): void {
    const has = this.#all.get(key)?.has;
    if (has) has[chunk] = (has[chunk] as number) & ~this.bit;
  }

  drop(key: string): void {
    const holding = this.#all.get(key);
    if (!(holding && holding.knownBy & this.bit)) return;
    this.#named -= 1;
    holding.knownBy &= ~this.bit;
    if (holding.knownBy === 0) this.#all.delete(key);
    this.#fetchingUntil.delete(key);
    for (const chunk of holding.has.keys()) this.lacks(key, chunk);
  }

  /** It is gone, and its bit free for another. */
  leave(): void {
    for (const key of this.#all.keys()) this.drop(key);
  }

  #open(key: string): Holding {
    const known = this.#all.get(key);
    if (known && known.knownBy & this.bit) return known;
    for (const oldest of this.#named < MAX_SEGMENTS ? [] : this.#all.keys()) {
      this.drop(oldest);
      if (this.#named < MAX_SEGMENTS) break;
    }
    const holding = this.#all.get(key) ?? { knownBy: 0, has: new Int32Array(MAX_CHUNKS) };
    this.#all.set(key, holding);
    this.#named += 1;
    holding.knownBy |= this.bit;
    return holding;
  }
}
