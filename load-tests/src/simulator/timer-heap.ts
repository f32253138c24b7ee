export interface Timer {
  readonly at: number;
  /** Timers for the same moment run in the order in which they were set. */
  readonly order: number;
  run: (() => void) | undefined;
  /** Another one of the same list. */
  next: Timer | undefined;
}

/**
 * A binary heap: the earliest timer first. What is compared stands beside the timers and not in them, and the arrays keep
 * their size: timers are all over the memory, and a heap looks at each of them many times.
 */
export class TimerHeap {
  readonly #ats: number[] = [];
  readonly #orders: number[] = [];
  readonly #timers: (Timer | undefined)[] = [];
  #size = 0;

  /** When the first of them is to run; `Infinity` when there is none. */
  get firstAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#ats[0] as number);
  }

  push(timer: Timer): void {
    const { at, order } = timer;
    let index = this.#size;
    this.#size += 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isAfter(parent, at, order)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#put(index, at, order, timer);
  }

  pop(): Timer | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#timers[0];
    this.#size -= 1;
    const last = this.#size;
    const at = this.#ats[last] as number;
    const order = this.#orders[last] as number;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isAfter(child, this.#ats[child + 1] as number, this.#orders[child + 1] as number))
        child += 1;
      if (this.#isAfter(child, at, order)) break;
      this.#move(child, index);
      index = child;
    }
    this.#put(index, at, order, this.#timers[last]);
    this.#timers[last] = undefined;
    return first;
  }

  #isAfter(index: number, at: number, order: number): boolean {
    const own = this.#ats[index] as number;
    return own > at || (own === at && (this.#orders[index] as number) > order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#ats[from] as number, this.#orders[from] as number, this.#timers[from]);
  }

  #put(index: number, at: number, order: number, timer: Timer | undefined): void {
    this.#ats[index] = at;
    this.#orders[index] = order;
    this.#timers[index] = timer;
  }
}
