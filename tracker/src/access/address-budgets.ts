import { type Rate, TokenBucket } from '../gateway/token-bucket.ts';
import { publicNetwork } from './public-network.ts';

/** About 2 MB. With more networks than that at once the longest unseen is forgotten, and starts anew. */
const MAX_NETWORKS = 10_000;

/** How much each public address may still ask for. */
export class AddressBudgets {
  readonly #rate: Rate | undefined;
  /** In the order of last use. */
  readonly #buckets = new Map<string, TokenBucket>();

  /** @param perMinute 0 is no limit; a minute's worth may come at once */
  constructor(perMinute: number) {
    this.#rate = perMinute > 0 ? { perSecond: perMinute / 60, burst: perMinute } : undefined;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(address: string | undefined, now: number): boolean {
    return this.takeOf(publicNetwork(address), now);
  }

  /** @param network of `publicNetwork` */
  takeOf(network: string | undefined, now: number): boolean {
    if (!this.#rate || network === undefined) return true;
    const bucket = this.#buckets.get(network) ?? new TokenBucket(this.#rate, now);
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    const [longestUnseen] = this.#buckets.keys();
    if (this.#buckets.size > MAX_NETWORKS && longestUnseen !== undefined) this.#buckets.delete(longestUnseen);
    return bucket.take(now);
  }
}
