import type { Place } from '../locality/place.ts';

/** The share that a new measurement has in the estimate. */
const NEW_SHARE = 0.2;

/** What is slower is as bad as this: one viewer behind a stuck line must not spoil the estimate for its whole network. */
const SLOWEST_MS = 1000;

/**
 * What viewers measured between their networks, so that the next pair can be chosen by it. Two networks of one country may
 * exchange traffic around the corner or across an ocean; no database says which. Bounded: the pair unheard of longest goes.
 */
export class RttTable {
  /** In the order of the last measurement. */
  readonly #estimates = new Map<string, number>();
  readonly #maxPairs: number;

  constructor(maxPairs = 20_000) {
    this.#maxPairs = maxPairs;
  }

  get size(): number {
    return this.#estimates.size;
  }

  note(a: Place, b: Place, rttMs: number): void {
    const pair = pairOf(a, b);
    if (pair === undefined) return;
    const measured = Math.min(rttMs, SLOWEST_MS);
    const known = this.#estimates.get(pair);
    this.#estimates.delete(pair);
    this.#estimates.set(pair, known === undefined ? measured : known + NEW_SHARE * (measured - known));
    const [oldest] = this.#estimates.keys();
    if (this.#estimates.size > this.#maxPairs && oldest !== undefined) this.#estimates.delete(oldest);
  }

  /** Undefined when nobody has measured it. */
  expectedMs(a: Place, b: Place): number | undefined {
    if (this.#estimates.size === 0) return undefined;
    const pair = pairOf(a, b);
    return pair === undefined ? undefined : this.#estimates.get(pair);
  }
}

/** Networks within their region, or whole regions where no network is known. */
function pairOf(a: Place, b: Place): string | undefined {
  const [one, other] = [`${a.network} ${a.region}`, `${b.network} ${b.region}`];
  if (one === ' ' || other === ' ') return undefined;
  return one < other ? `${one}|${other}` : `${other}|${one}`;
}
