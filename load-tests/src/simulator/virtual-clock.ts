import type { Clock } from '@nearcast/player-plugin/engine';
import { type Timer, TimerHeap } from './timer-heap.ts';

/** Milliseconds that have a list of their own: nearly every timer is for one of them. A power of two. */
const SLOTS = 8192;

/**
 * Time that passes only when all is done. A wheel of milliseconds (Varghese and Lauck 1987): a thousand viewers have a
 * hundred thousand timers, and one heap of them would be a cache miss at each level of each push and pop.
 */
export class VirtualClock implements Clock {
  /** By millisecond, modulo their number; not sorted. */
  readonly #slots: Timer[][] = Array.from({ length: SLOTS }, () => []);
  /** Those of the millisecond that it is. */
  readonly #current = new TimerHeap();
  /** Those beyond the wheel. */
  readonly #far = new TimerHeap();
  /** Timers that are on the wheel or beyond. */
  #waiting = 0;
  #tick = 0;
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#place(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /**
   * Runs every timer up to `until`. Promises settle after each millisecond that had something to do, so that code with
   * promises in it is as deterministic as the rest.
   */
  async advanceTo(until: number, afterEach?: () => void): Promise<void> {
    while (this.#findNext(until)) {
      for (let next = this.#current.first; next && next.at <= until; next = this.#current.first) {
        this.#current.pop();
        this.#now = Math.max(this.#now, next.at);
        next.run?.();
      }
      afterEach?.();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = until;
  }

  #place(timer: Timer): void {
    const tick = Math.floor(timer.at);
    if (tick <= this.#tick) {
      this.#current.push(timer);
      return;
    }
    this.#waiting += 1;
    if (tick - this.#tick < SLOTS) (this.#slots[tick % SLOTS] as Timer[]).push(timer);
    else this.#far.push(timer);
  }

  /** Goes on to the next millisecond that has timers. @returns whether there is one, not after `until` */
  #findNext(until: number): boolean {
    while (!this.#current.first) {
      if (this.#waiting === 0 || this.#tick + 1 > until) return false;
      this.#tick += 1;
      const slot = this.#slots[this.#tick % SLOTS] as Timer[];
      this.#waiting -= slot.length;
      for (const timer of slot) this.#current.push(timer);
      slot.length = 0;
      this.#bringNear();
    }
    return this.#current.first.at <= until;
  }

  /** What was beyond the wheel and is no longer. */
  #bringNear(): void {
    for (let next = this.#far.first; next && Math.floor(next.at) - this.#tick < SLOTS; next = this.#far.first) {
      this.#far.pop();
      this.#waiting -= 1;
      this.#place(next);
    }
  }
}
