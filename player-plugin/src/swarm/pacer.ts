/**
 * Spreads what is sent over time. A window alone opens all at once after each pause, and with every acknowledgement that
 * speaks for several pieces; the short queue of a home router drops what does not fit, and an association that has lost
 * something is slow for seconds (RFC 9260 §7.2). As fast as the line, after what may leave at once.
 */

/** What may leave at once after a pause, ms of the line; it also makes up for timers that ring late. */
const BURST_MS = 30;

export class Pacer {
  /** When what was sent would have left, at this pace, ms. */
  #freeAt = Number.NEGATIVE_INFINITY;

  sent(bytes: number, bytesPerSecond: number, now: number): void {
    this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + (bytes * 1000) / bytesPerSecond;
  }

  /** Nothing leaves for so long, ms. */
  rest(ms: number, now: number): void {
    this.#freeAt = Math.max(this.#freeAt, now) + ms;
  }

  /** How long the next piece has to wait, ms. */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }
}
