import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { FreshToken, type TokenSource } from './fresh-token.ts';
import { backOffMs } from './reconnect-policy.ts';

const LONGEST_DELAY_MS = 256_000;

/** Waits, after a token was refused, until the site has another: the same one is never shown twice. */
export class AnotherToken {
  readonly #token: FreshToken;
  readonly #random: Random;
  #attempt = 0;

  constructor(source: TokenSource, deps: { readonly clock: Clock; readonly random: Random }) {
    this.#token = new FreshToken(source, deps.clock);
    this.#random = deps.random;
  }

  /** The token to join with. @throws what the site's function throws */
  take(): Promise<string | undefined> {
    return this.#token.take();
  }

  /** The tracker took it. */
  accepted(): void {
    this.#attempt = 0;
  }

  /** @returns whether it is the first in a row: worth a word to the site */
  refused(hasAnother: () => void): boolean {
    const isFirst = this.#attempt === 0;
    this.#wait(hasAnother);
    return isFirst;
  }

  /** Waits no more. */
  stop(): void {
    this.#token.stop();
  }

  #wait(hasAnother: () => void): void {
    const delayMs = backOffMs(this.#attempt, LONGEST_DELAY_MS, this.#random);
    this.#attempt += 1;
    this.#token.askAfter(delayMs, (token) => {
      if (token === undefined) this.#wait(hasAnother);
      else hasAnother();
    });
  }
}
