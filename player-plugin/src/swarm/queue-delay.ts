/**
 * How long the queue before our own line is, from when pieces left here and arrived there (LEDBAT, RFC 6817 §3.4.2): the
 * round trip of an acknowledgement has the receiver's full line in it, and what SCTP holds back or sends again. All
 * connections share the queue, so the fastest of late is it: what only one of them waits for is something else. How long a
 * piece itself takes on the line is no queue (at 0.2 Mbit/s 97 ms), and what a line carries is not known of one that is never
 * full: so pieces are compared with those of their size.
 */

/** The least delay of a connection counts for less and less, per ms: clocks drift, and paths change. */
const LEAST_FADES = 0.0002;
/**
 * And that of a new connection, which is guessed, soon gives way to what is seen: if it was too low, it would be a queue that nothing
 * can empty. Not so the guess for a size that a known connection has not sent yet: on a line that always has work it would rise, and
 * the queue with it (docs/decisions/0084).
 */
const GUESS_FADES = 0.02;
/** What is fastest of so long, and of the same time before. */
const RECENT_MS = 100;
/** No queue of ours is as long: a clock has jumped, as when a laptop slept, and what is known of it is worth nothing. */
const JUMP_MS = 2_000;

/** What is known of a piece that was acknowledged. */
export interface SentPiece {
  readonly bytes: number;
  /** Ms. */
  readonly sentAt: number;
}

interface LeastDelay {
  readonly ms: number;
  readonly at: number;
  /** By how much it counts for less, per ms. */
  readonly fades: number;
}

export class QueueDelay<Target extends object> {
  /** By size. */
  readonly #least = new WeakMap<Target, LeastDelay[]>();
  /** The number of the period, the least of it, and of the one before. */
  #period = 0;
  #current = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;

  /** @param arrivedAtMs on the receiver's clock, modulo 2^32: only differences mean anything */
  sample(target: Target, { bytes, sentAt }: SentPiece, arrivedAtMs: number, now: number): void {
    // Both clocks may begin anywhere, and wrap.
    const ms = (arrivedAtMs - Math.round(sentAt)) | 0;
    const sizes = this.#least.get(target) ?? [];
    this.#least.set(target, sizes);
    const size = bytes >> 10;
    const known = sizes[size];
    const fades = sizes.length === 0 ? GUESS_FADES : LEAST_FADES;
    const least = known ?? { ms: ms - this.recentMs(now), at: now, fades };
    const queuedMs = Math.max(0, ms - least.ms - (now - least.at) * least.fades);
    sizes[size] = queuedMs > 0 && queuedMs < JUMP_MS ? least : { ms, at: now, fades: LEAST_FADES };
    this.#turn(now);
    // The first of its kind has nothing to be compared with: it is taken to have waited as long as all others.
    if (known) this.#current = Math.min(this.#current, queuedMs);
  }

  /** @returns ms; 0 while nothing tells */
  recentMs(now: number): number {
    this.#turn(now);
    const leastMs = Math.min(this.#current, this.#before);
    return leastMs < JUMP_MS ? leastMs : 0;
  }

  #turn(now: number): void {
    const period = Math.floor(now / RECENT_MS);
    if (period === this.#period) return;
    this.#before = period === this.#period + 1 ? this.#current : Number.POSITIVE_INFINITY;
    this.#current = Number.POSITIVE_INFINITY;
    this.#period = period;
  }
}
