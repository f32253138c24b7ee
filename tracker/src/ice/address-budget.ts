import type { Clock } from '../clock.ts';
import { KeyedBuckets } from '../gateway/keyed-buckets.ts';
import type { Rate } from '../gateway/token-bucket.ts';

/**
 * Over UDP anyone can write anyone's address on a datagram, so that the answers hit a third party: no address gets more
 * than this, 6 KB/s. A large office behind one address that starts watching at once stays below it.
 */
const rate: Rate = { perSecond: 100, burst: 1000 };

/** Of an IPv6 address the first 64 bits count: the rest its owner may choose (RFC 4291 §2.5.1). */
const COUNTED_BYTES = 8;

/** How many answers an address may still have. */
export class AddressBudget {
  readonly #buckets = new KeyedBuckets(rate);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(address: Buffer): boolean {
    return this.#buckets.take(address.subarray(0, COUNTED_BYTES).toString('latin1'), this.#clock.now());
  }
}
