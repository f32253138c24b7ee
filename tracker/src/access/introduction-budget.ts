const ONE_HOUR_MS = 3_600_000;

/** What a join may bring: as many neighbours as a viewer has. */
const OF_A_JOIN = 12;

/**
 * How many others a viewer may still ask to meet: who joins and asks again and again would learn the addresses of a whole
 * swarm. A full hour's worth may be used at once; it comes back evenly.
 */
export class IntroductionBudget {
  readonly #perHour: number;
  #left: number;
  #filledAt: number;

  /** @param perHour 0 is no limit */
  constructor(perHour: number, now: number) {
    this.#perHour = perHour;
    this.#left = perHour;
    this.#filledAt = now;
  }

  /** How many there are now. */
  left(now: number): number {
    this.#fill(now);
    return this.#left;
  }

  /** As if nothing had been taken: there is nothing to remember. */
  isFull(now: number): boolean {
    return this.left(now) === this.#perHour;
  }

  /** Whether it may join once more. */
  takeJoin(now: number): boolean {
    const wanted = Math.min(OF_A_JOIN, this.#perHour);
    this.#fill(now);
    if (this.#left < wanted) return false;
    this.#left -= wanted;
    return true;
  }

  /** @returns how many of the wanted ones it may have */
  take(wanted: number, now: number): number {
    if (this.#perHour === 0) return wanted;
    this.#fill(now);
    const given = Math.min(wanted, Math.floor(this.#left));
    this.#left -= given;
    return given;
  }

  /** A clock that jumps back fills nothing. */
  #fill(now: number): void {
    const passedMs = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#left = Math.min(this.#perHour, this.#left + (passedMs / ONE_HOUR_MS) * this.#perHour);
  }
}
