import { type Rate, TokenBucket } from './token-bucket.ts';

/** About 2 MB. With more keys than that at once the longest unseen is forgotten, and starts anew. */
const MAX_KEYS = 10_000;

/** A bucket for each of however many senders, in bounded memory. */
export class KeyedBuckets {
  readonly #rate: Rate;
  /** In the order of last use. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [longestUnseen] = this.#buckets.keys();
    if (this.#buckets.size > MAX_KEYS && longestUnseen !== undefined) this.#buckets.delete(longestUnseen);
    return bucket.take(now);
  }
}
