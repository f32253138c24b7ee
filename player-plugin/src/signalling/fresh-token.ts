import type { Clock } from '../clock.ts';

/** Where tokens come from: the site's function, or the one that it gave. It may fail. */
export type TokenSource = () => Promise<string | undefined>;

/** A token that the site is asked for later, and told from the one that the tracker has been shown. */
export class FreshToken {
  shown: string | undefined;
  readonly #source: TokenSource;
  readonly #clock: Clock;
  #cancel: () => void = () => undefined;
  #round = 0;

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** @throws what the site's function throws */
  async take(): Promise<string | undefined> {
    this.shown = await this.#source();
    return this.shown;
  }

  /** Asks once, in place of what it was to ask. @param done told of another token than the one that was shown, or of none */
  askAfter(ms: number, done: (token: string | undefined) => void): void {
    this.stop();
    const round = this.#round;
    this.#cancel = this.#clock.after(ms, () => {
      const heard = (token: string | undefined) => {
        if (round === this.#round) done(token === this.shown ? undefined : token);
      };
      this.#source().then(heard, () => heard(undefined));
    });
  }

  /** Does not ask, and hears no answer that is still to come. */
  stop(): void {
    this.#round += 1;
    this.#cancel();
  }
}
