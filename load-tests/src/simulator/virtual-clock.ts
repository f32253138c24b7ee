import type { Clock } from '@nearcast/player-plugin/engine';
import { type Timer, TimerHeap } from './timer-heap.ts';

/** Milliseconds that have a list of their own: nearly every timer is for one of them. A power of two. */
const SLOTS = 8192;

/**
 * Time that passes only when all is done. A wheel of milliseconds (Varghese and Lauck 1987): a thousand viewers have a
 * hundred thousand timers, and one heap of them would be a cache miss at each level of each push and pop.
 */
export class VirtualClock implements Clock {
  /** By millisecond, modulo their number: lists, with the last that was set first. Not sorted. */
  readonly #slots: (Timer | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
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
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run, next: undefined };
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
      while (this.#current.firstAt <= until) {
        const next = this.#current.pop() as Timer;
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
    if (tick - this.#tick >= SLOTS) {
      this.#far.push(timer);
      return;
    }
    timer.next = this.#slots[tick % SLOTS];
    this.#slots[tick % SLOTS] = timer;
  }

  /** Goes on to the next millisecond that has timers. @returns whether there is one, not after `until` */
  #findNext(until: number): boolean {
    while (this.#current.firstAt === Number.POSITIVE_INFINITY) {
      if (this.#waiting === 0 || this.#tick + 1 > until) return false;
      this.#tick += 1;
      this.#bringIn(this.#tick % SLOTS);
      this.#bringNear();
    }
    return this.#current.firstAt <= until;
  }

  /** The timers of the millisecond that begins, without those that were cancelled: one in four. */
  #bringIn(slot: number): void {
    let timer = this.#slots[slot];
    this.#slots[slot] = undefined;
    while (timer) {
      const { next } = timer;
      timer.next = undefined;
      this.#waiting -= 1;
      if (timer.run) this.#current.push(timer);
      timer = next;
    }
  }

  /** What was beyond the wheel and is no longer. */
  #bringNear(): void {
    while (Math.floor(this.#far.firstAt) - this.#tick < SLOTS) {
      this.#waiting -= 1;
      this.#place(this.#far.pop() as Timer);
    }
  }
}
