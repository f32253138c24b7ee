import { createHash } from 'node:crypto';

/** About 30 MB, and 400 tokens a second of ten minutes each. With more the oldest is forgotten, and counts once more. */
const MAX_TOKENS = 250_000;

/**
 * Takes a token at all replicas.
 *
 * @returns false when it was taken before; rejects when they cannot be asked
 */
export type TakeEverywhere = (token: string, forMs: number) => Promise<boolean>;

/** Tokens that are for one use, and were used. */
export class UsedTokens {
  readonly #now: () => number;
  readonly #takeEverywhere: TakeEverywhere;
  /** When they run out by themselves, in the order of use. */
  readonly #endsAt = new Map<string, number>();

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number, takeEverywhere: TakeEverywhere) {
    this.#now = now;
    this.#takeEverywhere = takeEverywhere;
  }

  get size(): number {
    return this.#endsAt.size;
  }

  /**
   * @param id of the token (`jti`), of any length
   * @param forMs how long the token is still good
   * @returns whether this is its first use; where replicas cannot be asked, here
   */
  async take(id: string, forMs: number): Promise<boolean> {
    const token = createHash('sha256').update(id).digest('base64url');
    const now = this.#now();
    this.#forgetOldest(now);
    if ((this.#endsAt.get(token) ?? 0) > now) return false;
    this.#endsAt.delete(token);
    this.#endsAt.set(token, now + forMs);
    return await this.#takeEverywhere(token, forMs).catch(() => true);
  }

  /** Two for each that comes: they go faster than they come. */
  #forgetOldest(now: number): void {
    let looked = 0;
    for (const [token, endsAt] of this.#endsAt) {
      if (looked === 2) return;
      if (endsAt <= now || this.#endsAt.size >= MAX_TOKENS) this.#endsAt.delete(token);
      looked += 1;
    }
  }
}
