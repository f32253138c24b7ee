import type { BinaryId, TorrentCommand, TorrentReply } from '../dialects/webtorrent.ts';
import type { TorrentDirectory } from '../directory/torrent-directory.ts';
import type { ConnectionId, Outbox, TorrentSwarms } from '../swarm/torrent-swarms.ts';
import type { Announce, Frame } from './frames.ts';
import type { Placement } from './placement.ts';
import type { NodeId } from './rendezvous.ts';
import { Seats } from './seats.ts';
import { TorrentConnection, type TorrentEntry } from './torrent-connection.ts';

export interface SharedTorrentsDeps {
  /** The swarms that this replica keeps. */
  readonly torrents: TorrentSwarms;
  readonly placement: Placement;
  readonly now: () => number;
  /** Peers that were silent for so long are not moved along, ms. */
  readonly staleAfterMs: number;
  /** To connections of this replica. */
  readonly deliver: (out: Outbox) => void;
}

type Answer = Extract<TorrentCommand, { is: 'answer' }>;
type Scrape = Extract<TorrentCommand, { is: 'scrape' }>;
type TorrentFrame = Extract<Frame, { connection: ConnectionId }>;

/** As `SharedViewers`, for the WebTorrent dialect. Its clients name themselves and announce anew, so little needs to move. */
export class SharedTorrents implements TorrentDirectory {
  readonly #deps: SharedTorrentsDeps;
  readonly #held = new Map<ConnectionId, TorrentConnection>();
  readonly #seats = new Seats<ConnectionId>();

  constructor(deps: SharedTorrentsDeps) {
    this.#deps = deps;
  }

  announce(from: ConnectionId, command: Announce, now: number, out: Outbox): void {
    const keeper = this.#keeperOf(command.infoHash);
    this.#heldAt(from).announced(command, keeper, now);
    if (keeper !== undefined) this.#pass(from, keeper, command);
    else this.#keep(from, command, now, out);
  }

  answer(from: ConnectionId, command: Answer, now: number, out: Outbox): void {
    const keeper = this.#keeperOf(command.infoHash);
    if (keeper !== undefined) this.#pass(from, keeper, command);
    else this.#keep(from, command, now, out);
  }

  /** Each keeper answers for its own: clients read the files that are in a reply, not how many. */
  scrape(from: ConnectionId, { infoHashes }: Scrape, out: Outbox): void {
    const byKeeper = new Map<NodeId | undefined, BinaryId[]>();
    for (const infoHash of infoHashes) {
      const keeper = this.#keeperOf(infoHash);
      byKeeper.set(keeper, [...(byKeeper.get(keeper) ?? []), infoHash]);
    }
    for (const [keeper, kept] of byKeeper) {
      const command = { is: 'scrape', infoHashes: kept } as const;
      if (keeper !== undefined) this.#pass(from, keeper, command);
      else this.#keep(from, command, 0, out);
    }
  }

  disconnect(connection: ConnectionId): void {
    this.#deps.torrents.disconnect(connection);
    for (const keeper of this.#held.get(connection)?.keepers ?? []) {
      this.#send(keeper, { is: 'torrent-gone', connection });
    }
    this.#held.delete(connection);
  }

  /** From another replica. */
  receive(from: NodeId, frame: TorrentFrame): void {
    const out: Outbox = [];
    switch (frame.is) {
      case 'reply':
        if (this.#held.has(frame.connection)) this.#route([{ to: frame.connection, reply: frame.reply }], out);
        break;
      case 'torrent':
        this.#keep(this.#seats.take(from, frame.connection), frame.command, this.#deps.now(), out);
        break;
      case 'torrent-again':
        this.#keep(this.#seats.take(from, frame.connection), frame.command, this.#deps.now(), undefined);
        break;
      case 'torrent-gone':
        this.#depart(from, frame.connection, frame.infoHash);
    }
    if (out.length > 0) this.#deps.deliver(out);
  }

  /** @param isRenamed this replica has another name, under which nobody knows its peers */
  placementChanged(isRenamed: boolean): void {
    const { torrents, now, staleAfterMs } = this.#deps;
    for (const infoHash of torrents.names()) if (this.#keeperOf(infoHash) !== undefined) torrents.forget(infoHash);
    for (const [connection, held] of this.#held) {
      for (const entry of held.entries(now() - staleAfterMs)) this.#move(connection, held, entry, isRenamed);
    }
  }

  /** Replicas whose connections are kept for here. */
  remoteNodes(): NodeId[] {
    return this.#seats.nodes();
  }

  /** The connections of this replica are gone, or out of reach. */
  evict(node: NodeId): void {
    for (const seat of this.#seats.of(node)) {
      this.#deps.torrents.disconnect(seat);
      this.#seats.free(seat);
    }
  }

  #move(connection: ConnectionId, held: TorrentConnection, entry: TorrentEntry, isRenamed: boolean): void {
    const before = entry.keeper;
    const { infoHash } = entry.announce;
    entry.keeper = this.#keeperOf(infoHash);
    if (entry.keeper === before && !(isRenamed && before !== undefined)) return;
    if (before !== undefined && !isRenamed) this.#send(before, { is: 'torrent-gone', connection, infoHash });
    if (entry.keeper === undefined) {
      this.#keep(connection, entry.announce, this.#deps.now(), undefined);
      return;
    }
    held.keepers.add(entry.keeper);
    this.#send(entry.keeper, { is: 'torrent-again', connection, command: entry.announce });
  }

  /** @param out undefined when nobody is to be told */
  #keep(from: ConnectionId, command: TorrentCommand, now: number, out: Outbox | undefined): void {
    const { torrents } = this.#deps;
    const told: Outbox = [];
    switch (command.is) {
      case 'announce':
        this.#freePeerId(command, from, now);
        torrents.announce(from, command, now, told);
        break;
      case 'answer':
        torrents.answer(from, command, now, told);
        break;
      case 'scrape':
        torrents.scrape(from, command, told);
    }
    if (out) this.#route(told, out);
  }

  /** A peer whose replica is gone comes back through another under the same name. */
  #freePeerId(command: Announce, from: ConnectionId, now: number): void {
    const { torrents, placement } = this.#deps;
    const before = torrents.connectionOf(command.infoHash, command.peerId);
    const seat = before === undefined || before === from ? undefined : this.#seats.at(before);
    if (before === undefined || !seat || placement.isMember(seat.node)) return;
    torrents.announce(before, { ...command, event: 'stopped' }, now, []);
  }

  #depart(from: NodeId, connection: ConnectionId, infoHash: BinaryId | undefined): void {
    const seat = this.#seats.find(from, connection);
    if (seat === undefined) return;
    if (infoHash !== undefined) this.#deps.torrents.leave(seat, infoHash);
    else {
      this.#deps.torrents.disconnect(seat);
      this.#seats.free(seat);
    }
  }

  #pass(connection: ConnectionId, keeper: NodeId, command: TorrentCommand): void {
    this.#heldAt(connection).keepers.add(keeper);
    this.#send(keeper, { is: 'torrent', connection, command });
  }

  #route(told: Outbox, here: Outbox): void {
    for (const { to, reply } of told) {
      const seat = this.#seats.at(to);
      if (seat) this.#send(seat.node, { is: 'reply', connection: seat.name, reply });
      else {
        this.#learn(to, reply);
        here.push({ to, reply });
      }
    }
  }

  #learn(connection: ConnectionId, reply: TorrentReply): void {
    if ('interval' in reply) this.#held.get(connection)?.accepted(reply.info_hash);
    else if ('failure reason' in reply) this.#held.get(connection)?.refused(reply.info_hash);
  }

  #heldAt(connection: ConnectionId): TorrentConnection {
    const held = this.#held.get(connection) ?? new TorrentConnection();
    this.#held.set(connection, held);
    return held;
  }

  #keeperOf(infoHash: string): NodeId | undefined {
    const { placement } = this.#deps;
    const owner = placement.ownerOf(infoHash);
    return owner === placement.self ? undefined : owner;
  }

  #send(to: NodeId, frame: Frame): void {
    this.#deps.placement.send(to, frame);
  }
}
