import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';

/** However little is left, the site is not asked more often, ms. */
const LEAST_WAIT_MS = 1000;
/** Timers count in 31 bits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * When to show a fresh token: after 60 to 80 % of what is left, so that viewers who came together do not renew together,
 * and there is time to try again.
 */
export function renewAfterMs(expiresInMs: number, random: Random): number {
  const afterMs = expiresInMs * (0.6 + 0.2 * random());
  return Math.min(LONGEST_WAIT_MS, Math.max(LEAST_WAIT_MS, afterMs));
}

/** [S10] Shows the tracker a fresh token before the one that it knows runs out. */
export class TokenRenewal {
  readonly #fresh: () => Promise<string | undefined>;
  readonly #show: (token: string) => void;
  readonly #clock: Clock;
  readonly #random: Random;
  #shown: string | undefined;
  #endsAt = 0;
  #cancel: () => void = () => undefined;
  #round = 0;

  /** @param fresh where tokens come from; it may fail, and is asked again */
  constructor(
    fresh: () => Promise<string | undefined>,
    show: (token: string) => void,
    deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#fresh = fresh;
    this.#show = show;
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** What the tracker knows already need not be shown again. */
  hasShown(token: string | undefined): void {
    this.#shown = token;
  }

  /** The tracker says for how long this viewer may stay. */
  mayStay(forMs: number): void {
    this.#endsAt = this.#clock.now() + forMs;
    this.#wait();
  }

  stop(): void {
    this.#round += 1;
    this.#cancel();
  }

  #wait(): void {
    this.stop();
    const leftMs = this.#endsAt - this.#clock.now();
    if (leftMs > 0) this.#cancel = this.#clock.after(renewAfterMs(leftMs, this.#random), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const round = this.#round;
    // A site that cannot give one now may in a while.
    const token = await this.#fresh().catch(() => undefined);
    if (round !== this.#round) return;
    if (token !== undefined && token !== this.#shown) {
      this.#shown = token;
      this.#show(token);
    }
    // The answer sets another time; without one it is tried again.
    this.#wait();
  }
}
