import { keepLatest } from '../keep-latest.ts';
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
    keepLatest(this.#buckets, key, bucket, MAX_KEYS);
    return bucket.take(now);
  }
}
