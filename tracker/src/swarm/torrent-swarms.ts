import type { BinaryId, Offer, TorrentCommand, TorrentReply } from '../dialects/webtorrent.ts';
import type { Random } from '../random.ts';

/** The swarms of the WebTorrent dialect. Pure state: commands in, replies out; no sockets, no clock, no chance of its own. */

export type ConnectionId = number;

/** Filled by the handlers: who is to be sent what. */
export type Outbox = { readonly to: ConnectionId; readonly reply: TorrentReply }[];

export interface TorrentSwarmsConfig {
  /** How often clients are told to announce, seconds. */
  readonly announceIntervalSeconds: number;
  /** Swarms that one connection may be in at once. p2p-media-loader is in one per rendition and audio track. */
  readonly maxSwarmsPerConnection: number;
}

interface TorrentPeer {
  readonly peerId: BinaryId;
  readonly connection: ConnectionId;
  seeder: boolean;
  announcedAt: number;
  /** Where it stands in `TorrentSwarm.order`. */
  place: number;
  /** Offers passed on to this peer and not yet answered → when they lapse. An answer to any other is dropped. */
  readonly awaiting: Map<string, number>;
}

interface TorrentSwarm {
  readonly peers: Map<BinaryId, TorrentPeer>;
  /** The same peers in an array, so that picking at random is O(1). */
  readonly order: TorrentPeer[];
  seeders: number;
}

/** Clients destroy an unanswered offer after 50 s (bittorrent-tracker OFFER_TIMEOUT); later answers reach nobody. */
const OFFER_LIFETIME_MS = 60_000;

type Announce = Extract<TorrentCommand, { is: 'announce' }>;
type Answer = Extract<TorrentCommand, { is: 'answer' }>;
type Scrape = Extract<TorrentCommand, { is: 'scrape' }>;

export class TorrentSwarms {
  readonly #config: TorrentSwarmsConfig;
  readonly #random: Random;
  readonly #swarms = new Map<BinaryId, TorrentSwarm>();
  readonly #joined = new Map<ConnectionId, Map<BinaryId, Set<BinaryId>>>();
  #peerCount = 0;

  constructor(config: TorrentSwarmsConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  get swarmCount(): number {
    return this.#swarms.size;
  }

  get peerCount(): number {
    return this.#peerCount;
  }

  /** The swarms that somebody is in. */
  names(): BinaryId[] {
    return [...this.#swarms.keys()];
  }

  connectionOf(infoHash: BinaryId, peerId: BinaryId): ConnectionId | undefined {
    return this.#swarms.get(infoHash)?.peers.get(peerId)?.connection;
  }

  /** Another replica keeps this swarm from now on. */
  forget(infoHash: BinaryId): void {
    for (const peer of [...(this.#swarms.get(infoHash)?.order ?? [])]) this.#remove(infoHash, peer);
  }

  /** Every peer that the connection brought into this swarm. */
  leave(connection: ConnectionId, infoHash: BinaryId): void {
    for (const peerId of [...(this.#joined.get(connection)?.get(infoHash) ?? [])]) {
      const peer = this.#swarms.get(infoHash)?.peers.get(peerId);
      if (peer) this.#remove(infoHash, peer);
    }
  }

  announce(from: ConnectionId, command: Announce, now: number, out: Outbox): void {
    const known = this.#swarms.get(command.infoHash)?.peers.get(command.peerId);
    if (known && known.connection !== from) {
      // Peers learn each other's ids: only the connection that brought a peer may speak for it.
      out.push(failure(from, command.infoHash, 'this peer_id belongs to another connection'));
      return;
    }
    if (command.event === 'stopped') {
      if (known) this.#remove(command.infoHash, known);
      out.push(this.#counts(from, command.infoHash));
      return;
    }
    // A stock client announces without `started` after a reconnect: an unknown peer is simply new.
    const peer = known ?? this.#add(from, command, now);
    if (!peer) {
      const max = this.#config.maxSwarmsPerConnection;
      out.push(failure(from, command.infoHash, `more than ${max} swarms on one connection`));
      return;
    }
    peer.announcedAt = now;
    if (command.seeder || command.event === 'completed') this.#becomeSeeder(command.infoHash, peer);
    out.push(this.#counts(from, command.infoHash));
    this.#passOffersOn(command, peer, now, out);
  }

  answer(from: ConnectionId, command: Answer, now: number, out: Outbox): void {
    const swarm = this.#swarms.get(command.infoHash);
    const answerer = swarm?.peers.get(command.peerId);
    if (answerer?.connection !== from) return;
    const key = awaitingKey(command.toPeerId, command.offerId);
    const lapsesAt = answerer.awaiting.get(key);
    if (lapsesAt === undefined || lapsesAt < now) return;
    answerer.awaiting.delete(key);
    const offerer = swarm?.peers.get(command.toPeerId);
    if (!offerer) return;
    out.push({
      to: offerer.connection,
      reply: {
        action: 'announce',
        info_hash: command.infoHash,
        peer_id: command.peerId,
        offer_id: command.offerId,
        answer: command.answer,
      },
    });
  }

  scrape(from: ConnectionId, command: Scrape, out: Outbox): void {
    const files: Record<string, { complete: number; incomplete: number; downloaded: number }> = {};
    for (const infoHash of command.infoHashes) {
      const { complete, incomplete } = this.#size(infoHash);
      files[infoHash] = { complete, incomplete, downloaded: complete };
    }
    out.push({ to: from, reply: { action: 'scrape', files } });
  }

  /** The connection is gone, and every peer that it brought with it. */
  disconnect(connection: ConnectionId): void {
    for (const [infoHash, peerIds] of this.#joined.get(connection) ?? []) {
      for (const peerId of peerIds) {
        const peer = this.#swarms.get(infoHash)?.peers.get(peerId);
        if (peer) this.#remove(infoHash, peer);
      }
    }
    this.#joined.delete(connection);
  }

  /** Removes peers that stopped announcing: p2p-media-loader leaves a swarm without a word when the rendition changes. */
  expire(now: number): void {
    const oldest = now - this.#config.announceIntervalSeconds * 2000;
    for (const [infoHash, swarm] of this.#swarms) {
      for (const peer of swarm.peers.values()) {
        if (peer.announcedAt < oldest) this.#remove(infoHash, peer);
        else forgetLapsed(peer.awaiting, now);
      }
    }
  }

  #add(connection: ConnectionId, command: Announce, now: number): TorrentPeer | undefined {
    const joined = this.#joined.get(connection) ?? new Map<BinaryId, Set<BinaryId>>();
    if (!joined.has(command.infoHash) && joined.size >= this.#config.maxSwarmsPerConnection) return undefined;
    this.#joined.set(connection, joined);
    const ids = joined.get(command.infoHash) ?? new Set<BinaryId>();
    if (ids.size >= this.#config.maxSwarmsPerConnection) return undefined;
    const { peerId } = command;
    joined.set(command.infoHash, ids.add(peerId));

    const swarm: TorrentSwarm = this.#swarms.get(command.infoHash) ?? { peers: new Map(), order: [], seeders: 0 };
    this.#swarms.set(command.infoHash, swarm);
    const place = swarm.order.length;
    const peer: TorrentPeer = { peerId, connection, seeder: false, announcedAt: now, place, awaiting: new Map() };
    swarm.order.push(peer);
    swarm.peers.set(peerId, peer);
    this.#peerCount += 1;
    return peer;
  }

  #remove(infoHash: BinaryId, peer: TorrentPeer): void {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return;
    swarm.peers.delete(peer.peerId);
    const last = swarm.order.pop();
    if (last && last !== peer) {
      swarm.order[peer.place] = last;
      last.place = peer.place;
    }
    if (peer.seeder) swarm.seeders -= 1;
    if (swarm.order.length === 0) this.#swarms.delete(infoHash);
    this.#peerCount -= 1;
    const joined = this.#joined.get(peer.connection);
    const ids = joined?.get(infoHash);
    ids?.delete(peer.peerId);
    if (ids?.size === 0) joined?.delete(infoHash);
  }

  #becomeSeeder(infoHash: BinaryId, peer: TorrentPeer): void {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm || peer.seeder) return;
    peer.seeder = true;
    swarm.seeders += 1;
  }

  #size(infoHash: BinaryId): { complete: number; incomplete: number } {
    const swarm = this.#swarms.get(infoHash);
    if (!swarm) return { complete: 0, incomplete: 0 };
    return { complete: swarm.seeders, incomplete: swarm.order.length - swarm.seeders };
  }

  #counts(to: ConnectionId, infoHash: BinaryId): Outbox[number] {
    const interval = this.#config.announceIntervalSeconds;
    return { to, reply: { action: 'announce', interval, info_hash: infoHash, ...this.#size(infoHash) } };
  }

  /** Each offer goes to one other peer, drawn without replacement: an offer can be answered only once. */
  #passOffersOn(command: Announce, from: TorrentPeer, now: number, out: Outbox): void {
    const order = this.#swarms.get(command.infoHash)?.order ?? [];
    const count = Math.min(command.offers.length, command.wanted, order.length - 1);
    const receivers = sampleOthers(order, from.place, count, this.#random);
    receivers.forEach((receiver, index) => {
      const { offerId, offer } = command.offers[index] as Offer;
      receiver.awaiting.set(awaitingKey(from.peerId, offerId), now + OFFER_LIFETIME_MS);
      const { infoHash, peerId } = command;
      const reply = { action: 'announce', info_hash: infoHash, peer_id: peerId, offer_id: offerId, offer } as const;
      out.push({ to: receiver.connection, reply });
    });
  }
}

function awaitingKey(offerer: BinaryId, offerId: BinaryId): string {
  return offerer + offerId;
}

function failure(to: ConnectionId, infoHash: string, because: string): Outbox[number] {
  return { to, reply: { action: 'announce', info_hash: infoHash, 'failure reason': because } };
}

/** `count` different members of `all` but the one at `except`, uniformly (Floyd's algorithm over the other indices). */
function sampleOthers<T>(all: readonly T[], except: number, count: number, random: Random): T[] {
  const others = all.length - 1;
  const chosen = new Set<number>();
  for (let upper = others - count; upper < others; upper++) {
    const index = Math.floor(random() * (upper + 1));
    chosen.add(chosen.has(index) ? upper : index);
  }
  return [...chosen].map((index) => all[index < except ? index : index + 1] as T);
}

function forgetLapsed(awaiting: Map<string, number>, now: number): void {
  for (const [key, lapsesAt] of awaiting) if (lapsesAt < now) awaiting.delete(key);
}
