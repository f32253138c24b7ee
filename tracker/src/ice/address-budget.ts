import type { Clock } from '../clock.ts';
import { type Rate, TokenBucket } from '../gateway/token-bucket.ts';

/**
 * Over UDP anyone can write anyone's address on a datagram, so that the answers hit a third party: no address gets more
 * than this, 6 KB/s. A large office behind one address that starts watching at once stays below it.
 */
const rate: Rate = { perSecond: 100, burst: 1000 };

/** About 2 MB. With more addresses than that at once the longest unseen is forgotten, and starts anew. */
const MAX_ADDRESSES = 10_000;

/** Of an IPv6 address the first 64 bits count: the rest its owner may choose (RFC 4291 §2.5.1). */
const COUNTED_BYTES = 8;

/** How many answers an address may still have. */
export class AddressBudget {
  /** In the order of last use. */
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(address: Buffer): boolean {
    const key = address.subarray(0, COUNTED_BYTES).toString('latin1');
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? new TokenBucket(rate, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket.take(now);
  }
}
