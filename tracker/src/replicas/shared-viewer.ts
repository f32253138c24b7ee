import type { TrackerMessage } from '@nearcast/protocol';
import type { HeldViewer, Join, Welcome } from '../directory/viewer-directory.ts';
import type { Place } from '../locality/place.ts';
import { type ConnectionId, keepNewest, type Standing } from '../swarm/viewer-swarms.ts';
import type { ViewerCommand } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

/** More than a player keeps (32), for those that it has not told of yet. */
const MAX_LINKS = 64;

/** A viewer whose connection is here, with all that its swarm's next keeper must be told. */
export class SharedViewer implements HeldViewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly place: Place;
  reportedAt: number;
  /** Who keeps its swarm; undefined: this replica. */
  keeper: NodeId | undefined;
  /** Until it has been greeted. */
  welcome: Welcome | undefined;
  #join: Join;
  #dutyBitsPerSecond: number | undefined;
  /** → the replica with the neighbour's connection, where it is known. */
  readonly #links = new Map<string, NodeId | undefined>();
  readonly #avoids = new Set<string>();
  #isStanding = false;

  constructor(connection: ConnectionId, id: string, join: Join, place: Place, now: number, welcome: Welcome) {
    this.id = id;
    this.connection = connection;
    this.place = place;
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
    const lists = { links: [...this.#links.keys()], avoids: [...this.#avoids] };
    return duty === undefined ? lists : { ...lists, dutyBitsPerSecond: duty };
  }

  /** It is in the swarm from now on. */
  settle(standing?: Standing): void {
    this.#isStanding = true;
    if (!standing) return;
    this.#links.clear();
    this.#avoids.clear();
    for (const id of standing.links) this.#link(id, undefined);
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

  heard(message: TrackerMessage, at: NodeId | undefined): void {
    if (message.type === 'introduce') this.#link(message.peer, at);
  }

  isLinkedTo(peer: string): boolean {
    return this.#links.has(peer);
  }

  /** Where this neighbour's connection is. */
  placeOf(peer: string): NodeId | undefined {
    return this.#links.get(peer);
  }

  /** Replicas have come, gone or got other names. */
  forgetPlaces(): void {
    for (const peer of this.#links.keys()) this.#links.set(peer, undefined);
  }

  #link(peer: string, at: NodeId | undefined): void {
    this.#links.set(peer, at);
    if (this.#links.size <= MAX_LINKS) return;
    for (const oldest of this.#links.keys()) {
      this.#links.delete(oldest);
      return;
    }
  }
}
