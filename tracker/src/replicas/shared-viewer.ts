import type { TrackerMessage } from '@nearcast/protocol';
import type { HeldViewer, Join, Welcome } from '../directory/viewer-directory.ts';
import { type ConnectionId, keepNewest, type Standing } from '../swarm/viewer-swarms.ts';
import type { ViewerCommand } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

/** More than a player keeps (32), for those that it has not told of yet. */
const MAX_LINKS = 64;

/** A viewer whose connection is here, with all that its swarm's next keeper must be told. */
export class SharedViewer implements HeldViewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly region: string;
  reportedAt: number;
  /** Who keeps its swarm; undefined: this replica. */
  keeper: NodeId | undefined;
  /** Until it has been greeted. */
  welcome: Welcome | undefined;
  #join: Join;
  #dutyBitsPerSecond: number | undefined;
  readonly #links = new Set<string>();
  readonly #avoids = new Set<string>();
  #isStanding = false;

  constructor(connection: ConnectionId, id: string, join: Join, region: string, now: number, welcome: Welcome) {
    this.id = id;
    this.connection = connection;
    this.region = region;
    this.reportedAt = now;
    this.#join = join;
    this.welcome = welcome;
  }

  get swarm(): string {
    return this.#join.swarm;
  }

  get join(): Join {
    return this.#join;
  }

  /** Undefined for who has not been let into the swarm yet. */
  get standing(): Standing | undefined {
    if (!this.#isStanding) return undefined;
    const duty = this.#dutyBitsPerSecond;
    const lists = { links: [...this.#links], avoids: [...this.#avoids] };
    return duty === undefined ? lists : { ...lists, dutyBitsPerSecond: duty };
  }

  /** It is in the swarm from now on. */
  settle(standing?: Standing): void {
    this.#isStanding = true;
    if (!standing) return;
    this.#links.clear();
    this.#avoids.clear();
    for (const id of standing.links) keepNewest(this.#links, id, MAX_LINKS);
    for (const id of standing.avoids) keepNewest(this.#avoids, id, MAX_LINKS);
  }

  said(command: ViewerCommand): void {
    if (command.is === 'update') {
      this.#join = { ...this.#join, upload: command.upload };
      this.#dutyBitsPerSecond = command.dutyBitsPerSecond;
    } else if (command.is === 'unlink') {
      this.#links.delete(command.peer);
      if (command.because !== 'closed') keepNewest(this.#avoids, command.peer, MAX_LINKS);
    }
  }

  heard(message: TrackerMessage): void {
    if (message.type === 'introduce') keepNewest(this.#links, message.peer, MAX_LINKS);
  }
}
