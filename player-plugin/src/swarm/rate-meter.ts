const BUCKET_MS = 250;
const WINDOW_MS = 1000;
const MEMORY_MS = 10_000;
const BUCKETS = MEMORY_MS / BUCKET_MS;
const WINDOW_BUCKETS = WINDOW_MS / BUCKET_MS;

/**
 * How much a line carries: the best second of the last ten in which it had work. It sees only what was asked of the line, so it
 * is a lower bound; shorter windows read too much, because acknowledgements come in bunches (measured: 0.5 s reads 1.7 at 1.2).
 * Time without work says nothing of the line: the parts of low latency need it for a tenth of a second at a time, and must not
 * wait as if it were a fifth as fast (docs/decisions/0084).
 */
export class RateMeter {
  readonly #initial: number;
  readonly #floor: number;
  /** Bytes per bucket, by bucket number modulo the memory. */
  readonly #buckets = new Float64Array(BUCKETS);
  #bucket = 0;
  #best = 0;
  /** How long the line has had work, ms: the time that is meant by windows and memory. */
  #busyMs = 0;
  /** Until when that was counted, on the clock. */
  #countedUntil = 0;
  #isFull = false;

  /** Rates in bytes per second: what is assumed until a whole memory has been seen, and what is never gone below. */
  constructor(initialBytesPerSecond: number, floorBytesPerSecond: number) {
    this.#initial = initialBytesPerSecond;
    this.#floor = floorBytesPerSecond;
  }

  /**
   * The line had no work, and has some now.
   * @param at from when on time counts again, ms: when the first acknowledgement could come if pieces took no time on the line
   */
  begin(at: number): void {
    this.#countedUntil = at;
  }

  /** So many bytes were acknowledged. */
  add(bytes: number, now: number): void {
    const until = Math.max(this.#countedUntil, now);
    this.#advance(until - this.#countedUntil);
    this.#countedUntil = until;
    const at = this.#bucket % BUCKETS;
    this.#buckets[at] = (this.#buckets[at] as number) + bytes;
    this.#best = Math.max(this.#best, this.#window(0));
  }

  get bytesPerSecond(): number {
    const assumed = this.#busyMs < MEMORY_MS && !this.#isFull ? this.#initial : this.#floor;
    return Math.max(assumed, this.#best);
  }

  /** The line carries no more than it was seen to: nothing needs to be assumed, once a whole window was seen. */
  lineIsFull(): void {
    if (this.#busyMs >= WINDOW_MS) this.#isFull = true;
  }

  #advance(ms: number): void {
    this.#busyMs += ms;
    const bucket = Math.floor(this.#busyMs / BUCKET_MS);
    if (bucket <= this.#bucket) return;
    const passed = Math.min(BUCKETS, bucket - this.#bucket);
    for (let step = 0; step < passed; step++) this.#buckets[(bucket - step) % BUCKETS] = 0;
    this.#bucket = bucket;
    this.#best = this.#bestOfMemory();
  }

  /** The bytes/s of a window that ended so many buckets ago. */
  #window(bucketsAgo: number): number {
    let bytes = 0;
    for (let back = bucketsAgo; back < bucketsAgo + WINDOW_BUCKETS; back++) {
      bytes += this.#buckets[(this.#bucket - back + BUCKETS) % BUCKETS] as number;
    }
    return (bytes * 1000) / WINDOW_MS;
  }

  #bestOfMemory(): number {
    let best = 0;
    for (let age = 0; age <= BUCKETS - WINDOW_BUCKETS; age++) best = Math.max(best, this.#window(age));
    return best;
  }
}
