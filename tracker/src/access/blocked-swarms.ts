import type { ViewerDirectory } from '../directory/viewer-directory.ts';
import type { ConnectionId, ViewerOutbox } from '../swarm/viewer-swarms.ts';

/** Swarms that must not share: whoever is in one is told at once, and whoever joins one is told instead of welcomed. */
export class BlockedSwarms {
  readonly #swarms: ViewerDirectory;
  readonly #blocked = new Set<string>();
  /** Connections that have been told: what they still say of the swarm is no error of theirs. */
  readonly #told = new Set<ConnectionId>();

  constructor(swarms: ViewerDirectory) {
    this.#swarms = swarms;
  }

  get names(): readonly string[] {
    return [...this.#blocked];
  }

  get isEmpty(): boolean {
    return this.#blocked.size === 0;
  }

  has(swarm: string): boolean {
    return this.#blocked.has(swarm);
  }

  block(swarm: string, out: ViewerOutbox): void {
    this.#blocked.add(swarm);
    for (const { connection } of [...this.#swarms.heldIn(swarm)]) {
      // Nobody needs to hear who left: all leave.
      this.#swarms.leave(connection, []);
      this.turnAway(connection, out);
    }
  }

  /** Viewers come back with their next join; those that play on from the edge now do so to the end. */
  unblock(swarm: string): boolean {
    return this.#blocked.delete(swarm);
  }

  turnAway(connection: ConnectionId, out: ViewerOutbox): void {
    this.#told.add(connection);
    out.push({ to: connection, message: { type: 'blocked' } });
  }

  wasTurnedAway(connection: ConnectionId): boolean {
    return this.#told.has(connection);
  }

  forget(connection: ConnectionId): void {
    this.#told.delete(connection);
  }
}
