/** Bounds on what a peer may send without being asked, so that no peer can fill a viewer's line or keep its page busy. */

/** Pieces that nobody waits for: some always cross a `cancel` on their way. */
const UNASKED_BYTES: number = 1024 * 1024;
/** Of what came because it was asked for, so much more may have crossed. */
const UNASKED_SHARE = 0.5;
/** Control, bytes per second, and what may come at once: a newcomer is told of everything that is there. */
const CONTROL_BYTES_PER_SECOND: number = 64 * 1024;
const CONTROL_BURST_BYTES: number = 512 * 1024;

export class FloodGuard {
  #unaskedBytes = 0;
  #controlTokens = CONTROL_BURST_BYTES;
  #filledAt: number;

  constructor(now: number) {
    this.#filledAt = now;
  }

  /** @returns whether the peer goes on too far */
  unasked(bytes: number, askedBytes: number): boolean {
    this.#unaskedBytes += bytes;
    return this.#unaskedBytes > UNASKED_BYTES + UNASKED_SHARE * askedBytes;
  }

  /** @returns whether the peer goes on too far */
  control(bytes: number, now: number): boolean {
    const refill = (Math.max(0, now - this.#filledAt) / 1000) * CONTROL_BYTES_PER_SECOND;
    this.#filledAt = now;
    this.#controlTokens = Math.min(CONTROL_BURST_BYTES, this.#controlTokens + refill) - bytes;
    return this.#controlTokens < 0;
  }
}
