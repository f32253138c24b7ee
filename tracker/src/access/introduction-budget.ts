import { TokenBucket } from '../gateway/token-bucket.ts';

const ONE_HOUR_SECONDS = 3600;

/** What a join may bring: as many neighbours as a viewer has. */
const OF_A_JOIN = 12;

/**
 * How many others a viewer may still ask to meet: who joins and asks again and again would learn the addresses of a whole
 * swarm. A full hour's worth may be used at once; it comes back evenly.
 */
export class IntroductionBudget {
  readonly #perHour: number;
  readonly #bucket: TokenBucket;

  /** @param perHour 0 is no limit */
  constructor(perHour: number, now: number) {
    this.#perHour = perHour;
    this.#bucket = new TokenBucket({ perSecond: perHour / ONE_HOUR_SECONDS, burst: perHour }, now);
  }

  /** How many there are now. */
  left(now: number): number {
    return this.#bucket.left(now);
  }

  /** As if nothing had been taken: there is nothing to remember. */
  isFull(now: number): boolean {
    return this.left(now) === this.#perHour;
  }

  /** Whether it may join once more. */
  takeJoin(now: number): boolean {
    return this.#bucket.take(now, Math.min(OF_A_JOIN, this.#perHour));
  }

  /** @returns how many of the wanted ones it may have */
  take(wanted: number, now: number): number {
    if (this.#perHour === 0) return wanted;
    const given = Math.min(wanted, Math.floor(this.left(now)));
    this.#bucket.take(now, given);
    return given;
  }
}
