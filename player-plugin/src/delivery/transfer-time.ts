/** How long bytes were really on their way: the time in which at least one transfer was running, ms. */
export class TransferTime {
  #running = 0;
  #since = 0;
  #totalMs = 0;

  begin(now: number): void {
    if (this.#running === 0) this.#since = now;
    this.#running += 1;
  }

  end(now: number): void {
    if (this.#running === 0) return;
    this.#running -= 1;
    if (this.#running === 0) this.#totalMs += now - this.#since;
  }

  totalMs(now: number): number {
    return this.#totalMs + (this.#running > 0 ? now - this.#since : 0);
  }
}

/**
 * The rate, bit/s, that hls.js should choose renditions by. Waiting for peers on purpose is no slowness of the line, and
 * a viewer must see the rendition that the edge alone would give it: so it is the faster of what the segment's transfers
 * reached while they ran and what the edge was measured at, and never the speed of the cache.
 */
export function honestBitsPerSecond(bytes: number, transferMs: number, edgeBytesPerMs: number): number {
  const reached = transferMs > 0 ? bytes / transferMs : 0;
  return Math.max(reached, edgeBytesPerMs) * 8000;
}
