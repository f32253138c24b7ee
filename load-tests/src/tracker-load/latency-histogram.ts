/** Latencies in buckets that grow by 2 %: the quantiles are exact to that, at a cost that does not grow with the count. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(1000);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, 0.001) / 0.001) / Math.log(1.02));
    const index = Math.min(bucket, this.#counts.length - 1);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total += 1;
  }

  quantile(share: number): number {
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] as number;
      if (seen >= share * this.#total) return 0.001 * 1.02 ** (index + 1);
    }
    return Number.POSITIVE_INFINITY;
  }

  quantiles(): { p50: number; p99: number } {
    return this.#total === 0 ? { p50: 0, p99: 0 } : { p50: this.quantile(0.5), p99: this.quantile(0.99) };
  }
}
