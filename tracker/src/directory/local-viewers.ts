import type { Signal, UnlinkReason } from '@nearcast/protocol';
import type { Place } from '../locality/place.ts';
import type { ConnectionId, MeasuredLink, Viewer, ViewerOutbox, ViewerSwarms } from '../swarm/viewer-swarms.ts';
import type { Join, RelayOutcome, ViewerDirectory, Welcome } from './viewer-directory.ts';

/** One process alone: every swarm is here. */
export class LocalViewers implements ViewerDirectory {
  readonly #swarms: ViewerSwarms;

  constructor(swarms: ViewerSwarms) {
    this.#swarms = swarms;
  }

  viewerAt(connection: ConnectionId): Viewer | undefined {
    return this.#swarms.viewerAt(connection);
  }

  heldIn(swarm: string): readonly Viewer[] {
    return this.#swarms.viewersOf(swarm);
  }

  join(
    connection: ConnectionId,
    id: string,
    join: Join,
    place: Place,
    now: number,
    welcome: Welcome,
    out: ViewerOutbox,
  ): void {
    const told: ViewerOutbox = [];
    this.#swarms.join(connection, id, join, place, now, told);
    out.push({ to: connection, message: welcome(this.#swarms.sizeOf(join.swarm)) }, ...told);
  }

  update(connection: ConnectionId, upload: boolean, dutyBitsPerSecond: number, out: ViewerOutbox): void {
    this.#swarms.update(connection, upload, dutyBitsPerSecond, out);
  }

  want(connection: ConnectionId, peers: number, out: ViewerOutbox): void {
    this.#swarms.want(connection, peers, out);
  }

  unlink(connection: ConnectionId, peer: string, because: UnlinkReason): boolean {
    return this.#swarms.unlink(connection, peer, because);
  }

  relay(connection: ConnectionId, to: string, signal: Signal, out: ViewerOutbox): RelayOutcome {
    return this.#swarms.relay(connection, to, signal, out) ? 'relayed' : 'no-pair';
  }

  heard(connection: ConnectionId, links: readonly MeasuredLink[], now: number, out: ViewerOutbox): void {
    this.#swarms.heard(connection, links, now, out);
  }

  leave(connection: ConnectionId, out: ViewerOutbox): void {
    this.#swarms.leave(connection, out);
  }
}
