import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 256_000;

/** Waits, after a token was refused, until the site has another: the same one is never shown twice. */
export class AnotherToken {
  readonly #fresh: () => Promise<string | undefined>;
  readonly #clock: Clock;
  readonly #random: Random;
  #shown: string | undefined;
  #attempt = 0;
  #cancel: () => void = () => undefined;
  #round = 0;

  constructor(fresh: () => Promise<string | undefined>, deps: { readonly clock: Clock; readonly random: Random }) {
    this.#fresh = fresh;
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** The token to join with. @throws what the site's function throws */
  async take(): Promise<string | undefined> {
    this.#shown = await this.#fresh();
    return this.#shown;
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
    this.#round += 1;
    this.#cancel();
  }

  #wait(hasAnother: () => void): void {
    this.stop();
    const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    const delayMs = fullMs / 2 + (fullMs / 2) * this.#random();
    this.#cancel = this.#clock.after(delayMs, () => void this.#look(hasAnother));
  }

  async #look(hasAnother: () => void): Promise<void> {
    const round = this.#round;
    const token = await this.#fresh().catch(() => undefined);
    if (round !== this.#round) return;
    if (token !== undefined && token !== this.#shown) hasAnother();
    else this.#wait(hasAnother);
  }
}
