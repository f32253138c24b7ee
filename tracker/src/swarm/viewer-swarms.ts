import type { ViewerMessage } from '@nearcast/protocol';
import type { ConnectionId } from './torrent-swarms.ts';

/** Who watches what, in the Nearcast dialect. Pure state, like the swarms of the other dialect. */

export interface Viewer {
  readonly viewer: string;
  readonly swarm: string;
  /** When this viewer last told how much it received, for the clamp on what it can have received since. */
  reportedAt: number;
}

type Join = Extract<ViewerMessage, { type: 'join' }>;

export class ViewerSwarms {
  readonly #viewers = new Map<ConnectionId, Viewer>();
  readonly #sizes = new Map<string, number>();

  get swarmCount(): number {
    return this.#sizes.size;
  }

  get viewerCount(): number {
    return this.#viewers.size;
  }

  viewerAt(connection: ConnectionId): Viewer | undefined {
    return this.#viewers.get(connection);
  }

  /** A second join on one connection moves the viewer to the new swarm. */
  join(connection: ConnectionId, viewer: string, join: Join, now: number): Viewer {
    this.leave(connection);
    const joined: Viewer = { viewer, swarm: join.swarm, reportedAt: now };
    this.#viewers.set(connection, joined);
    this.#sizes.set(join.swarm, (this.#sizes.get(join.swarm) ?? 0) + 1);
    return joined;
  }

  leave(connection: ConnectionId): void {
    const viewer = this.#viewers.get(connection);
    if (!viewer) return;
    this.#viewers.delete(connection);
    const size = (this.#sizes.get(viewer.swarm) ?? 1) - 1;
    if (size === 0) this.#sizes.delete(viewer.swarm);
    else this.#sizes.set(viewer.swarm, size);
  }
}
