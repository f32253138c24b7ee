import type { Clock } from '../clock.ts';
import type { ConnectionId } from '../swarm/torrent-swarms.ts';
import type { BlockedSwarms } from './blocked-swarms.ts';
import { isFor } from './token-terms.ts';
import type { TorrentPass } from './upgrade-gate.ts';

/** Timers count in 31 bits; nobody stays connected for 24 days. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

interface Guest {
  readonly pass: TorrentPass;
  readonly stopWaiting: () => void;
}

/** What clients of the WebTorrent dialect may do: within their token, and outside of what is blocked. */
export class TorrentAccess {
  readonly #blocked: BlockedSwarms;
  readonly #clock: Clock;
  readonly #showOut: (connection: ConnectionId) => void;
  readonly #guests = new Map<ConnectionId, Guest>();

  /** @param showOut told when the token of a connection has run out */
  constructor(blocked: BlockedSwarms, clock: Clock, showOut: (connection: ConnectionId) => void) {
    this.#blocked = blocked;
    this.#clock = clock;
    this.#showOut = showOut;
  }

  opened(connection: ConnectionId, pass: TorrentPass | undefined): void {
    if (!pass) return;
    const waitMs = Math.min(LONGEST_WAIT_MS, pass.expiresInMs);
    const stopWaiting = this.#clock.after(waitMs, () => this.#showOut(connection));
    this.#guests.set(connection, { pass, stopWaiting });
  }

  closed(connection: ConnectionId): void {
    this.#guests.get(connection)?.stopWaiting();
    this.#guests.delete(connection);
  }

  /** @returns why this connection may not take part in that swarm */
  refusalOf(connection: ConnectionId, infoHash: string): string | undefined {
    const pass = this.#guests.get(connection)?.pass;
    if (!pass && this.#blocked.isEmpty) return undefined;
    const swarm = torrentSwarmId(infoHash);
    if (pass && !isFor(pass.terms, swarm)) return 'the token is for another swarm';
    return this.#blocked.has(swarm) ? 'this swarm is blocked' : undefined;
  }
}

/** How tokens and the list of blocked swarms name a swarm of the WebTorrent dialect: `webtorrent:` and the infohash in hex. */
function torrentSwarmId(infoHash: string): string {
  return `webtorrent:${Buffer.from(infoHash, 'latin1').toString('hex')}`;
}
