/** How much a sender may have: `perSecond` for long, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledAt: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = now;
  }

  /** How many tokens there are. `now` in milliseconds; a clock that jumps back fills nothing. */
  left(now: number): number {
    const passedMs = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (passedMs / 1000) * this.#rate.perSecond);
    return this.#tokens;
  }

  /** Takes so many tokens, or says `false` when there are fewer. */
  take(now: number, count = 1): boolean {
    if (this.left(now) < count) return false;
    this.#tokens -= count;
    return true;
  }
}
