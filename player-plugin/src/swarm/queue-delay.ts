/**
 * How long the queue before our own line is, from when pieces left here and arrived there (LEDBAT, RFC 6817 §3.4.2): the
 * round trip of an acknowledgement has the receiver's full line in it, and what SCTP holds back or sends again. All
 * connections share the queue, so the fastest of late is it: what only one of them waits for is something else. How long a
 * piece itself takes on the line is no queue: at 0.2 Mbit/s that is 97 ms for the largest, and 1 ms for what a chunk ends with.
 */

/** The least delay of a connection counts for less and less, per ms: clocks drift, and paths change. */
const BASE_FADES = 0.0005;
/** What is fastest of so long, and of the same time before. */
const RECENT_MS = 100;

/** What is known of a piece that was acknowledged. */
export interface SentPiece {
  readonly bytes: number;
  /** Ms. */
  readonly sentAt: number;
}

/** The fastest piece of a connection. */
interface Base {
  readonly ms: number;
  readonly bytes: number;
  readonly at: number;
}

export class QueueDelay<Target extends object> {
  readonly #bases = new WeakMap<Target, Base>();
  /** The number of the period, the least of it, and of the one before. */
  #period = 0;
  #current = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;

  /**
   * @param arrivedAtMs on the receiver's clock, modulo 2^32: only differences mean anything
   * @param bytesPerMs what the line is known to carry
   */
  sample(target: Target, { bytes, sentAt }: SentPiece, arrivedAtMs: number, bytesPerMs: number, now: number): void {
    // Both clocks may begin anywhere, and wrap.
    const ms = (arrivedAtMs - Math.round(sentAt)) | 0;
    const base = this.#bases.get(target);
    const queuedMs = base ? ms - base.ms - (bytes - base.bytes) / bytesPerMs - (now - base.at) * BASE_FADES : 0;
    if (queuedMs <= 0) this.#bases.set(target, { ms, bytes, at: now });
    this.#turn(now);
    // The first of a connection has nothing to be compared with: it would always say that nothing queues.
    if (base) this.#current = Math.min(this.#current, Math.max(0, queuedMs));
  }

  /** @returns ms; 0 while nothing tells */
  recentMs(now: number): number {
    this.#turn(now);
    const leastMs = Math.min(this.#current, this.#before);
    return leastMs === Number.POSITIVE_INFINITY ? 0 : leastMs;
  }

  #turn(now: number): void {
    const period = Math.floor(now / RECENT_MS);
    if (period === this.#period) return;
    this.#before = period === this.#period + 1 ? this.#current : Number.POSITIVE_INFINITY;
    this.#current = Number.POSITIVE_INFINITY;
    this.#period = period;
  }
}
