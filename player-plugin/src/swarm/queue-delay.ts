/**
 * How long the queue before our own line is, from when pieces left here and arrived there (LEDBAT, RFC 6817 §3.4.2): the
 * round trip of an acknowledgement has the receiver's full line in it, and what SCTP holds back or sends again. All
 * connections share the queue, so the fastest of late is it: what only one of them waits for is something else.
 */

/** How long the least delay of a connection counts: clocks drift by some ms in that time. */
const BASE_LASTS_MS = 30_000;
/** What is fastest of so long, and of the same time before. */
const RECENT_MS = 100;

interface LeastDelay {
  since: number;
  current: number;
  before: number;
}

/** The least of this period and of the one before. */
function note(least: LeastDelay, value: number, now: number, periodMs: number): void {
  const periods = Math.floor((now - least.since) / periodMs);
  if (periods > 0) {
    least.before = periods === 1 ? least.current : Number.POSITIVE_INFINITY;
    least.current = Number.POSITIVE_INFINITY;
    least.since += periods * periodMs;
  }
  least.current = Math.min(least.current, value);
}

function startOf(now: number): LeastDelay {
  return { since: now, current: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY };
}

export class QueueDelay<Target extends object> {
  readonly #base = new WeakMap<Target, LeastDelay>();
  #recent: LeastDelay | undefined;

  /** @param arrivedAtMs on the receiver's clock, modulo 2^32: only differences mean anything */
  sample(target: Target, sentAtMs: number, arrivedAtMs: number, now: number): void {
    // Both may begin anywhere, and wrap.
    const delayMs = (arrivedAtMs - Math.round(sentAtMs)) | 0;
    const base = this.#base.get(target) ?? startOf(now);
    this.#base.set(target, base);
    note(base, delayMs, now, BASE_LASTS_MS);
    this.#recent ??= startOf(now);
    note(this.#recent, delayMs - Math.min(base.current, base.before), now, RECENT_MS);
  }

  /** @returns ms; 0 while nothing tells */
  recentMs(now: number): number {
    if (!this.#recent) return 0;
    note(this.#recent, Number.POSITIVE_INFINITY, now, RECENT_MS);
    const leastMs = Math.min(this.#recent.current, this.#recent.before);
    return Number.isFinite(leastMs) ? leastMs : 0;
  }
}
