import type { Clock } from '@nearcast/player-plugin/engine';

interface Timer {
  readonly at: number;
  /** Timers for the same moment run in the order in which they were set. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** Time that passes only when all is done: a binary heap of timers. */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#push(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /**
   * Runs every timer up to `until`. Promises settle after each millisecond that had something to do, so that code with
   * promises in it is as deterministic as the rest.
   */
  async advanceTo(until: number, afterEach?: () => void): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.at > until) break;
      const tick = Math.floor(next.at) + 1;
      while (this.#heap[0] && this.#heap[0].at < tick && this.#heap[0].at <= until) {
        const timer = this.#pop() as Timer;
        this.#now = Math.max(this.#now, timer.at);
        timer.run?.();
      }
      afterEach?.();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = until;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
