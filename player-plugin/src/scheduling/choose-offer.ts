import type { Random } from '../random.ts';

/** A neighbour, as far as offers go. */
export interface OfferPeer {
  /** Until when it wants what it lacks of a segment, ms; `undefined` if it does not want it. */
  wishesUntil(key: string): number | undefined;
  /** Flags by chunk of what it has. */
  flags(key: string): Uint8Array | undefined;
  /** Whether somebody is about to send it the chunk: we, or who it told us of. */
  isFetching(key: string, chunk: number, now: number): boolean;
}

/** A segment of which something is here. */
export interface OfferSegment {
  readonly key: string;
  readonly chunks: readonly (Uint8Array | undefined)[];
}

export interface OfferView<Peer extends OfferPeer> {
  readonly now: number;
  readonly segments: Iterable<OfferSegment>;
  readonly peers: readonly Peer[];
  /** Until a chunk of this size would have left the line, ms. */
  readonly sendingMs: (bytes: number) => number;
}

export interface Offer<Peer extends OfferPeer> {
  readonly peer: Peer;
  readonly key: string;
  readonly chunk: number;
  readonly bytes: Uint8Array;
}

/**
 * What to offer to whom when the line has room: of all that neighbours wish for, what the fewest of them have. Who takes
 * it can pass it on to most. Never the oldest first: those chunks only the last few lack, and what is new would not spread.
 */
export function chooseOffer<Peer extends OfferPeer>(view: OfferView<Peer>, random: Random): Offer<Peer> | undefined {
  const choice = new Choice<Peer>();
  for (const segment of view.segments) {
    const wishes = new Wishes(segment.key, view.peers, view.now);
    if (wishes.until > view.now) choice.consider(segment, wishes, view, random);
  }
  return choice.best;
}

class Choice<Peer extends OfferPeer> {
  best: Offer<Peer> | undefined;
  #fewest = Number.POSITIVE_INFINITY;
  #equals = 0;

  consider(
    { key, chunks }: OfferSegment,
    wishes: Wishes<Peer>,
    { now, sendingMs }: OfferView<Peer>,
    random: Random,
  ): void {
    for (let chunk = 0; chunk < chunks.length; chunk++) {
      const bytes = chunks[chunk];
      const peer = bytes && wishes.taker(chunk, now + sendingMs(bytes.length), random);
      if (!peer || wishes.copies > this.#fewest) continue;
      this.#equals = wishes.copies < this.#fewest ? 1 : this.#equals + 1;
      this.#fewest = wishes.copies;
      // Of equals each has the same chance.
      if (random() * this.#equals < 1) this.best = { peer, key, chunk, bytes };
    }
  }
}

/** Who wants a segment, and what of it they lack. */
export class Wishes<Peer extends OfferPeer> {
  /** The last of them, ms. */
  readonly until: number;
  /** Of the chunk last looked at: how many neighbours have it, or are sent it. */
  copies = 0;
  readonly #key: string;
  readonly #peers: readonly Peer[];
  readonly #until: readonly number[];
  readonly #flags: readonly (Uint8Array | undefined)[];
  readonly #now: number;

  constructor(key: string, peers: readonly Peer[], now: number) {
    this.#key = key;
    this.#peers = peers;
    this.#now = now;
    let until = 0;
    for (const peer of peers) until = Math.max(until, peer.wishesUntil(key) ?? 0);
    this.until = until;
    // Most of what is here nobody wants any more.
    this.#until = until > now ? peers.map((peer) => peer.wishesUntil(key) ?? 0) : [];
    this.#flags = until > now ? peers.map((peer) => peer.flags(key)) : [];
  }

  /** @returns one of those who lack the chunk and want it even when it arrives then */
  taker(chunk: number, arrivesAt: number, random: Random): Peer | undefined {
    this.copies = 0;
    let takers = 0;
    let taker: Peer | undefined;
    for (let index = 0; index < this.#peers.length; index++) {
      const peer = this.#peers[index] as Peer;
      if (this.#flags[index]?.[chunk] === 1 || peer.isFetching(this.#key, chunk, this.#now)) this.copies += 1;
      else if ((this.#until[index] as number) >= arrivesAt) {
        takers += 1;
        if (random() * takers < 1) taker = peer;
      }
    }
    return taker;
  }
}
