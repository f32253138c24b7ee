import { type ChunkRun, MAX_CHUNKS } from '@nearcast/protocol';

/** What a peer says that it has, and what it says that it is fetching from the edge: flags by chunk, per segment. */

/** A peer that names more segments than that is flooding; the oldest are forgotten. */
const MAX_SEGMENTS = 512;

/** Most segments have no more chunks; engines keep arrays of this size beside the object, and larger ones elsewhere. */
const USUAL_CHUNKS = 64;

/** A fetch that has not become a `have` by then came to nothing, ms. */
const FETCHING_LASTS_MS = 4_000;

interface Holding {
  has: Uint8Array;
  /** Until when each chunk counts as being fetched, ms on our clock; few segments ever need it. */
  fetchingUntil: Float64Array | undefined;
}

export class RemoteHoldings {
  readonly #segments = new Map<string, Holding>();

  has(key: string, chunk: number): boolean {
    return this.#segments.get(key)?.has[chunk] === 1;
  }

  /** Flags by chunk, as many as are needed, or nothing when the peer never named the segment. */
  flags(key: string): Uint8Array | undefined {
    return this.#segments.get(key)?.has;
  }

  isFetching(key: string, chunk: number, now: number): boolean {
    return (this.#segments.get(key)?.fetchingUntil?.[chunk] ?? 0) > now;
  }

  knows(key: string): boolean {
    return this.#segments.has(key);
  }

  addHave(key: string, runs: readonly ChunkRun[]): void {
    const holding = this.#open(key);
    const { fetchingUntil } = holding;
    for (const { first, count } of runs) {
      if (first + count > holding.has.length) holding.has = enlarged(holding.has);
      holding.has.fill(1, first, first + count);
      fetchingUntil?.fill(0, first, first + count);
    }
  }

  addFetching(key: string, runs: readonly ChunkRun[], now: number): void {
    const holding = this.#open(key);
    holding.fetchingUntil ??= new Float64Array(MAX_CHUNKS);
    for (const { first, count } of runs) holding.fetchingUntil.fill(now + FETCHING_LASTS_MS, first, first + count);
  }

  /** It said so, but it has not. */
  lacks(key: string, chunk: number): void {
    this.#segments.get(key)?.has.fill(0, chunk, chunk + 1);
  }

  drop(key: string): void {
    this.#segments.delete(key);
  }

  #open(key: string): Holding {
    const known = this.#segments.get(key);
    if (known) return known;
    const opened: Holding = { has: new Uint8Array(USUAL_CHUNKS), fetchingUntil: undefined };
    this.#segments.set(key, opened);
    if (this.#segments.size > MAX_SEGMENTS) {
      const [oldest] = this.#segments.keys();
      this.#segments.delete(oldest as string);
    }
    return opened;
  }
}

function enlarged(flags: Uint8Array): Uint8Array {
  const larger = new Uint8Array(MAX_CHUNKS);
  larger.set(flags);
  return larger;
}
