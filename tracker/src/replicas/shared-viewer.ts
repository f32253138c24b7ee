import type { HeldViewer, Join, Welcome } from '../directory/viewer-directory.ts';
import type { Place } from '../locality/place.ts';
import {
  type ConnectionId,
  keepNewest,
  type MeasuredLink,
  SETTLED_AFTER_MS,
  type Standing,
} from '../swarm/viewer-swarms.ts';
import type { ViewerCommand } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

/** More than a player keeps (32), for those that it has not told of yet. */
const MAX_LINKS = 64;

/** Round trips that are told of together. So many at once are a newcomer's first ones, and told of at once. */
const MEASURED_TOGETHER = 6;
const MEASURED_AT_ONCE = 3;
/** The keeper counts from when it heard of the join: whoever tells it that a viewer has stayed tells it again if that was close, ms. */
const SURELY_SETTLED_AFTER_MS = SETTLED_AFTER_MS + 2000;

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
  /** What its keeper was not told of yet. */
  #measured: MeasuredLink[] = [];
  /** Since when its keeper knows it, and whether that was told that it stayed. */
  #placedAt = 0;
  #isSettled = false;
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

  /** @param at the replica with the peer's connection */
  introduced(peer: string, at: NodeId): void {
    this.#link(peer, at);
  }

  /** Its swarm has this keeper from now on. */
  placed(keeper: NodeId | undefined, now: number): void {
    this.keeper = keeper;
    this.#placedAt = now;
    this.#isSettled = false;
  }

  /**
   * Most reports tell a keeper nothing that matters at once.
   * @returns what it is to be told now
   */
  measured(links: readonly MeasuredLink[], now: number): readonly MeasuredLink[] | undefined {
    this.#measured.push(...links);
    const stayedMs = now - this.#placedAt;
    const settles = !this.#isSettled && stayedMs >= SETTLED_AFTER_MS;
    const isWorthIt = links.length >= MEASURED_AT_ONCE || this.#measured.length >= MEASURED_TOGETHER;
    if (!settles && !isWorthIt) return undefined;
    this.#isSettled ||= stayedMs >= SURELY_SETTLED_AFTER_MS;
    const measured = this.#measured;
    this.#measured = [];
    return measured;
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
