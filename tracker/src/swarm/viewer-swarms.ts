import { type Signal, UNTOLD_DUTY_BITS_PER_SECOND, type UnlinkReason, type ViewerMessage } from '@nearcast/protocol';
import type { Place } from '../locality/place.ts';
import type { Random } from '../random.ts';
import { DrawPool } from './draw-pool.ts';
import { Duty, mayHaveDuty } from './duty.ts';
import { Meeting } from './meeting.ts';
import { type Move, RegionCells } from './region-cells.ts';
import { type ConnectionId, keepNewest, type MeasuredLink, type Standing, Viewer } from './viewer.ts';
import type { ViewerOutbox } from './viewer-outbox.ts';

export { nowhere, type Place } from '../locality/place.ts';
export {
  type ConnectionId,
  keepNewest,
  type MeasuredLink,
  type Standing,
  type Viewer,
} from './viewer.ts';
export type { ViewerOutbox } from './viewer-outbox.ts';

/**
 * Who watches what with whom, in the Nearcast dialect. Pure state: commands in, messages out; no sockets, no clock, no
 * chance of its own, so that the simulator runs this very code.
 */

export interface ViewerSwarmsConfig {
  /** How many neighbours a viewer has about; up to so many others, everybody meets everybody. */
  readonly degree: number;
  /** How many a newcomer is introduced to in a larger swarm: later ones make up the rest. Fewer are topped up to this. */
  readonly joinDegree: number;
  /** How many of these are in other cells, so that no cell is an island. */
  readonly farDegree: number;
  /** How many viewers of a region share one mesh and one duty ring at most. */
  readonly cellSize: number;
  /** Cells with fewer viewers share one duty ring. */
  readonly ownRingFrom: number;
}

export const viewerSwarmsDefaults: ViewerSwarmsConfig = {
  degree: 12,
  joinDegree: 7,
  farDegree: 2,
  cellSize: 2000,
  ownRingFrom: 24,
};

/** Viewers come and go: those avoided longest ago are gone. */
const MAX_AVOIDS = 64;

type Join = Extract<ViewerMessage, { type: 'join' }>;

interface Swarm {
  readonly regions: Map<string, RegionCells>;
  readonly viewers: DrawPool<Viewer>;
  readonly duty: Duty;
}

/** Who has watched for so long, ms, will probably go on: its share of the duty is a whole one. */
export const SETTLED_AFTER_MS = 60_000;

export class ViewerSwarms {
  readonly #config: ViewerSwarmsConfig;
  readonly #random: Random;
  readonly #swarms = new Map<string, Swarm>();
  readonly #byConnection = new Map<ConnectionId, Viewer>();
  readonly #byId = new Map<string, Viewer>();
  readonly #meeting: Meeting;

  constructor(config: ViewerSwarmsConfig, random: Random) {
    this.#config = config;
    this.#random = random;
    this.#meeting = new Meeting(config.farDegree, random);
  }

  get swarmCount(): number {
    return this.#swarms.size;
  }

  get viewerCount(): number {
    return this.#byConnection.size;
  }

  viewerAt(connection: ConnectionId): Viewer | undefined {
    return this.#byConnection.get(connection);
  }

  /** The swarms that somebody is in. */
  names(): readonly string[] {
    return [...this.#swarms.keys()];
  }

  viewersOf(swarm: string): readonly Viewer[] {
    return this.#swarms.get(swarm)?.viewers.all ?? [];
  }

  /** Viewers in a swarm. */
  sizeOf(swarm: string): number {
    return this.#swarms.get(swarm)?.viewers.size ?? 0;
  }

  /**
   * A second join on one connection moves the viewer to the new swarm ([S3]).
   * @param where of some only the region is known
   * @param standing of a viewer that was in this swarm already: its neighbours are not introduced again
   */
  join(
    connection: ConnectionId,
    id: string,
    join: Join,
    where: Place | string,
    now: number,
    out: ViewerOutbox,
    standing?: Standing,
  ): Viewer {
    // Its old arc is another's already, and it may get none here.
    const hadDuty = this.#byConnection.get(connection)?.ring !== undefined;
    this.leave(connection, out);
    if (hadDuty) out.push({ to: connection, message: { type: 'duty', arc: null } });
    this.#displace(this.#byId.get(id), out);
    const swarm = this.#swarms.get(join.swarm) ?? {
      regions: new Map(),
      viewers: new DrawPool(),
      duty: new Duty(this.#config.ownRingFrom, this.#random),
    };
    this.#swarms.set(join.swarm, swarm);
    const viewer = new Viewer(id, connection, join, where, now, {
      links: [],
      avoids: [],
      dutyBitsPerSecond: UNTOLD_DUTY_BITS_PER_SECOND,
      ...standing,
    });
    const region = swarm.regions.get(viewer.region) ?? new RegionCells(this.#config.cellSize, this.#random);
    swarm.regions.set(viewer.region, region);
    this.#moved(region.add(viewer), swarm, out);
    swarm.viewers.add(viewer);
    this.#byConnection.set(connection, viewer);
    this.#byId.set(id, viewer);
    if (!viewer.meets) return viewer;
    this.#meetAgain(viewer);
    const { degree, joinDegree } = this.#config;
    // How large a swarm is that is still moving here cannot be told.
    const meetsAll = standing === undefined && swarm.viewers.size <= degree + 1;
    this.#meeting.fill(viewer, swarm.viewers, meetsAll ? degree : joinDegree, out);
    swarm.duty.take(viewer, out);
    return viewer;
  }

  leave(connection: ConnectionId, out: ViewerOutbox): void {
    const viewer = this.#byConnection.get(connection);
    const swarm = viewer && this.#swarms.get(viewer.swarm);
    if (!viewer || !swarm) return;
    this.#remove(viewer, swarm, out);
    for (const neighbour of viewer.links) {
      neighbour.links.delete(viewer);
      // Not for each one lost: two missing are made good in one go.
      if (neighbour.degree <= this.#config.joinDegree - 2)
        this.#meeting.fill(neighbour, swarm.viewers, this.#config.joinDegree, out);
    }
    viewer.links.clear();
  }

  /** What another replica must know of this viewer to take its swarm over. */
  standingOf(connection: ConnectionId): Standing | undefined {
    const viewer = this.#byConnection.get(connection);
    if (!viewer) return undefined;
    const links = [...Array.from(viewer.links, ({ id }) => id), ...(viewer.claims ?? [])];
    return { links, avoids: [...(viewer.avoids ?? [])], dutyBitsPerSecond: viewer.dutyBitsPerSecond };
  }

  find(id: string): Viewer | undefined {
    return this.#byId.get(id);
  }

  areLinked(connection: ConnectionId, peer: string): boolean {
    const viewer = this.#byConnection.get(connection);
    return viewer !== undefined && this.#linkTo(viewer, peer) !== undefined;
  }

  /** The viewer is out of reach, but may be there as ever: its neighbours expect it back. */
  displace(connection: ConnectionId, out: ViewerOutbox): void {
    this.#displace(this.#byConnection.get(connection), out);
  }

  /** Another replica keeps this swarm from now on: nobody is told anything. */
  forget(swarm: string): void {
    for (const { connection, id } of this.viewersOf(swarm)) {
      this.#byConnection.delete(connection);
      this.#byId.delete(id);
    }
    this.#swarms.delete(swarm);
  }

  /** [S9] */
  update(connection: ConnectionId, upload: boolean, dutyBitsPerSecond: number, out: ViewerOutbox): void {
    const viewer = this.#byConnection.get(connection);
    const swarm = viewer && this.#swarms.get(viewer.swarm);
    if (!viewer?.meets || !swarm) return;
    const could = mayHaveDuty(viewer);
    viewer.upload = upload;
    viewer.dutyBitsPerSecond = dutyBitsPerSecond;
    const can = mayHaveDuty(viewer);
    if (could && !can) {
      swarm.duty.giveUp(viewer, out);
      out.push({ to: connection, message: { type: 'duty', arc: null } });
    } else if (!could && can) swarm.duty.take(viewer, out);
    else swarm.duty.reweigh(viewer, out);
  }

  /** What a viewer tells of its connections, and that it is still there. */
  heard(connection: ConnectionId, links: readonly MeasuredLink[], now: number, out: ViewerOutbox): void {
    const viewer = this.#byConnection.get(connection);
    if (!viewer) return;
    for (const { peer, rttMs } of links) {
      const other = this.#linkTo(viewer, peer);
      if (other) this.#meeting.noteRtt(viewer, other, rttMs);
    }
    if (viewer.settled || now - viewer.joinedAt < SETTLED_AFTER_MS) return;
    viewer.settled = true;
    this.#swarms.get(viewer.swarm)?.duty.reweigh(viewer, out);
  }

  want(connection: ConnectionId, peers: number, out: ViewerOutbox): void {
    const viewer = this.#byConnection.get(connection);
    const swarm = viewer && this.#swarms.get(viewer.swarm);
    if (!viewer?.meets || !swarm) return;
    this.#meeting.fill(viewer, swarm.viewers, Math.min(viewer.degree + peers, 2 * this.#config.degree), out);
  }

  /** [S7] Frees both ends; who was rejected is not introduced to this viewer again, nor who could not be reached. */
  unlink(connection: ConnectionId, peer: string, because: UnlinkReason): boolean {
    const viewer = this.#byConnection.get(connection);
    if (!viewer) return false;
    const other = this.#linkTo(viewer, peer);
    if (!other && !viewer.claims?.delete(peer)) return false;
    if (other) {
      viewer.links.delete(other);
      other.links.delete(viewer);
    } else this.#byId.get(peer)?.claims?.delete(viewer.id);
    // Of a claim it is not known whether the other ever heard of it: that it failed says little.
    const isAvoided = other ? because !== 'closed' : because === 'rejected';
    if (isAvoided) {
      viewer.avoids ??= new Set();
      keepNewest(viewer.avoids, peer, MAX_AVOIDS);
    }
    return true;
  }

  /** [S7] Only between viewers that were introduced to each other. @returns whether it was passed on */
  relay(connection: ConnectionId, to: string, signal: Signal, out: ViewerOutbox): boolean {
    const viewer = this.#byConnection.get(connection);
    const other = viewer && this.#linkTo(viewer, to);
    if (!viewer || !other) return false;
    out.push({ to: other.connection, message: { type: 'signal', from: viewer.id, signal } });
    return true;
  }

  /** Both know of each other: a pair as before. */
  #meetAgain(viewer: Viewer): void {
    for (const id of viewer.claims ?? []) {
      const other = this.#byId.get(id);
      if (other?.swarm !== viewer.swarm || !other.claims?.delete(viewer.id)) continue;
      viewer.claims?.delete(id);
      viewer.links.add(other);
      other.links.add(viewer);
    }
  }

  #displace(viewer: Viewer | undefined, out: ViewerOutbox): void {
    const swarm = viewer && this.#swarms.get(viewer.swarm);
    if (!viewer || !swarm) return;
    this.#remove(viewer, swarm, out);
    for (const neighbour of viewer.links) {
      neighbour.links.delete(viewer);
      neighbour.claims ??= new Set();
      neighbour.claims.add(viewer.id);
    }
    viewer.links.clear();
  }

  #remove(viewer: Viewer, swarm: Swarm, out: ViewerOutbox): void {
    const region = swarm.regions.get(viewer.region);
    const { cell } = viewer;
    this.#byConnection.delete(viewer.connection);
    this.#byId.delete(viewer.id);
    swarm.viewers.delete(viewer);
    swarm.duty.giveUp(viewer, out);
    this.#moved(region?.delete(viewer), swarm, out);
    if (cell) swarm.duty.shrank(cell, out);
    if (region?.cells.length === 0) swarm.regions.delete(viewer.region);
    if (swarm.viewers.size === 0) this.#swarms.delete(viewer.swarm);
  }

  #moved(move: Move | undefined, swarm: Swarm, out: ViewerOutbox): void {
    if (move) swarm.duty.moved(move, out);
  }

  #linkTo(viewer: Viewer, peer: string): Viewer | undefined {
    const other = this.#byId.get(peer);
    return other && viewer.links.has(other) ? other : undefined;
  }
}
