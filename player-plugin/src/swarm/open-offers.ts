import type { ChunkRun } from '@nearcast/protocol';

/** `ignored`: nothing was heard of it in time. */
export type OfferEnd = 'taken' | 'declined' | 'ignored';

/** Whoever was offered something, as far as the books go. */
export interface OfferTarget {
  offer(key: string, chunk: number): void;
  offerEnded(how: OfferEnd): void;
}

interface OpenOffer<Target> {
  readonly target: Target;
  readonly key: string;
  readonly chunk: number;
  readonly size: number;
  readonly until: number;
}

/** Whoever has not answered by then does not mean what it wishes, ms: pages on full machines take their time. */
export const OFFER_LASTS_MS = 1_500;

/** What was offered, and not answered yet. A few at a time. */
export class OpenOffers<Target extends OfferTarget> {
  #open: OpenOffer<Target>[] = [];

  get count(): number {
    return this.#open.length;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#open) bytes += size;
    return bytes;
  }

  make(target: Target, key: string, chunk: number, size: number, now: number): void {
    this.#open.push({ target, key, chunk, size, until: now + OFFER_LASTS_MS });
    target.offer(key, chunk);
  }

  /** @returns whether it had been offered */
  take(target: Target, key: string, chunk: number): boolean {
    return this.#end('taken', (offer) => offer.target === target && offer.chunk === chunk && offer.key === key);
  }

  /** @returns whether any of these had been offered */
  decline(target: Target, key: string, runs: readonly ChunkRun[]): boolean {
    const isNamed = (chunk: number) => runs.some(({ first, count }) => chunk >= first && chunk < first + count);
    return this.#end('declined', (offer) => offer.target === target && offer.key === key && isNamed(offer.chunk));
  }

  expire(now: number): void {
    this.#end('ignored', ({ until }) => until <= now);
  }

  remove(target: Target): void {
    this.#end('declined', (offer) => offer.target === target);
  }

  #end(how: OfferEnd, isEnded: (offer: OpenOffer<Target>) => boolean): boolean {
    const ended = this.#open.filter(isEnded);
    if (ended.length === 0) return false;
    this.#open = this.#open.filter((offer) => !ended.includes(offer));
    for (const { target } of ended) target.offerEnded(how);
    return true;
  }
}
