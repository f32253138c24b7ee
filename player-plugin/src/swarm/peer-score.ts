/** What a viewer knows of a neighbour from experience. */

/** Weight of a new observation. */
const ALPHA = 0.3;
const FIRST_BAN_MS = 500;
const LONGEST_BAN_MS = 30_000;
/** Assumed of a neighbour that has delivered nothing yet, bytes/ms: 1 Mbit/s. */
const UNKNOWN_RATE = 125;

export class PeerScore {
  #bytesPerMs = UNKNOWN_RATE;
  #hasDelivered = false;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #availableAt = 0;
  #baseRttMs = Number.POSITIVE_INFINITY;
  #rttMs = 0;
  /** Media bytes that came from it. */
  receivedBytes = 0;
  /** Media bytes that went to it. */
  sentBytes = 0;

  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  /** Smoothed, ms. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** The smallest seen, ms; 0 while nothing is known. */
  get baseRttMs(): number {
    return Number.isFinite(this.#baseRttMs) ? this.#baseRttMs : 0;
  }

  /** Nothing should be asked of it before, ms on our clock. */
  get availableAt(): number {
    return this.#availableAt;
  }

  roundTrip(ms: number): void {
    this.#baseRttMs = Math.min(this.#baseRttMs, ms);
    this.#rttMs = this.#rttMs === 0 ? ms : this.#rttMs + ALPHA * (ms - this.#rttMs);
  }

  /** A chunk came, this long after the line to us became free for it. */
  delivered(bytes: number, ms: number): void {
    const rate = bytes / Math.max(1, ms);
    this.#bytesPerMs = this.#hasDelivered ? this.#bytesPerMs + ALPHA * (rate - this.#bytesPerMs) : rate;
    this.#hasDelivered = true;
    this.#failures = 0;
    this.receivedBytes += bytes;
  }

  /** Requests in a row that it accepted and did not answer. */
  get failures(): number {
    return this.#failures;
  }

  toldToWait(until: number): void {
    this.#availableAt = Math.max(this.#availableAt, until);
  }

  /** It accepted a request and did not keep its word: each time it is left alone for twice as long. */
  failed(askedAt: number, now: number, random: number): void {
    // What was asked in one go fails in one go: that is one broken word.
    if (askedAt < this.#failedAt) return;
    this.#failedAt = now;
    const banMs = Math.min(LONGEST_BAN_MS, FIRST_BAN_MS * 2 ** this.#failures) * (0.75 + 0.5 * random);
    this.#failures += 1;
    this.#availableAt = Math.max(this.#availableAt, now + banMs);
  }
}
