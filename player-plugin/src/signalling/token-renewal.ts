import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { FreshToken, type TokenSource } from './fresh-token.ts';

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
  readonly #token: FreshToken;
  readonly #show: (token: string) => void;
  readonly #clock: Clock;
  readonly #random: Random;
  #endsAt = 0;

  constructor(
    source: TokenSource,
    show: (token: string) => void,
    deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#token = new FreshToken(source, deps.clock);
    this.#show = show;
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** What the tracker knows already need not be shown again. */
  hasShown(token: string | undefined): void {
    this.#token.shown = token;
  }

  /** The tracker says for how long this viewer may stay. */
  mayStay(forMs: number): void {
    this.#endsAt = this.#clock.now() + forMs;
    this.#wait();
  }

  stop(): void {
    this.#token.stop();
  }

  #wait(): void {
    this.stop();
    const leftMs = this.#endsAt - this.#clock.now();
    if (leftMs <= 0) return;
    this.#token.askAfter(renewAfterMs(leftMs, this.#random), (token) => {
      // A site that cannot give one now may in a while.
      if (token !== undefined) {
        this.hasShown(token);
        this.#show(token);
      }
      // The answer sets another time; without one it is tried again.
      this.#wait();
    });
  }
}
