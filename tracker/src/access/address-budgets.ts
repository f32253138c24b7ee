import { KeyedBuckets } from '../gateway/keyed-buckets.ts';
import { publicNetwork } from './public-network.ts';

/** How much each public address may still ask for. */
export class AddressBudgets {
  readonly #buckets: KeyedBuckets | undefined;

  /** @param perMinute 0 is no limit; a minute's worth may come at once */
  constructor(perMinute: number) {
    if (perMinute > 0) this.#buckets = new KeyedBuckets({ perSecond: perMinute / 60, burst: perMinute });
  }

  get size(): number {
    return this.#buckets?.size ?? 0;
  }

  take(address: string | undefined, now: number): boolean {
    return this.takeOf(publicNetwork(address), now);
  }

  /** @param network of `publicNetwork` */
  takeOf(network: string | undefined, now: number): boolean {
    return network === undefined || (this.#buckets?.take(network, now) ?? true);
  }
}
