import type { Announce } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

export interface TorrentEntry {
  /** The latest one, without its offers. */
  announce: Announce;
  announcedAt: number;
  /** Undefined: this replica. */
  keeper: NodeId | undefined;
  isAccepted: boolean;
}

/** More than anybody is in: p2p-media-loader is in one swarm per rendition and audio track. */
const MAX_ENTRIES = 64;

/** What one connection here has announced, for the next keeper of its swarms. */
export class TorrentConnection {
  readonly #entries = new Map<string, TorrentEntry>();
  /** Everybody who was told something of this connection, and must be told of its end. */
  readonly keepers: Set<NodeId> = new Set();

  announced(command: Announce, keeper: NodeId | undefined, now: number): void {
    const key = command.infoHash + command.peerId;
    if (command.event === 'stopped') {
      this.#entries.delete(key);
      return;
    }
    const before = this.#entries.get(key);
    const seeder = command.seeder || command.event === 'completed' || before?.announce.seeder === true;
    const announce: Announce = { ...command, event: 'present', seeder, offers: [], wanted: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, { announce, announcedAt: now, keeper, isAccepted: before?.isAccepted ?? false });
    if (this.#entries.size > MAX_ENTRIES) this.#dropOldest();
  }

  accepted(infoHash: string): void {
    for (const entry of this.#entries.values()) if (entry.announce.infoHash === infoHash) entry.isAccepted = true;
  }

  /** Of what was refused nothing may move: it would be let in elsewhere. */
  refused(infoHash: string): void {
    for (const [key, { announce, isAccepted }] of this.#entries) {
      if (announce.infoHash === infoHash && !isAccepted) this.#entries.delete(key);
    }
  }

  /** Those that were accepted, and announced since. */
  entries(since: number): TorrentEntry[] {
    return [...this.#entries.values()].filter(({ isAccepted, announcedAt }) => isAccepted && announcedAt >= since);
  }

  #dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
