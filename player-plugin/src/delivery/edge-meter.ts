import type { EdgeAnswer } from './edge-client.ts';

/** How fast the edge is, from what it delivered. */

/** Assumed before the first answer. */
const FIRST_RTT_MS = 100;
const FIRST_BYTES_PER_MS = 1250;
/** Weight of a new round trip. */
const ALPHA = 0.25;
/** Older deliveries count less and less: so much is left of them with each new one. */
const FORGETTING = 0.85;
/** Timers and caches make small answers look instant: a delivery takes at least so long, ms. */
const LEAST_TRANSFER_MS = 2;

export class EdgeMeter {
  #rttMs = FIRST_RTT_MS;
  #bytes = 0;
  #ms = 0;
  pendingBytes = 0;

  get rttMs(): number {
    return this.#rttMs;
  }

  get bytesPerMs(): number {
    return this.#ms === 0 ? FIRST_BYTES_PER_MS : this.#bytes / this.#ms;
  }

  delivered({ bytes, firstByteMs, transferMs }: EdgeAnswer): void {
    this.#rttMs += ALPHA * (firstByteMs - this.#rttMs);
    this.#bytes = this.#bytes * FORGETTING + bytes.length;
    this.#ms = this.#ms * FORGETTING + Math.max(LEAST_TRANSFER_MS, transferMs);
  }
}
