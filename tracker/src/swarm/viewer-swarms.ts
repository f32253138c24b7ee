import type { Nearness, Signal, TrackerMessage, UnlinkReason, ViewerMessage } from '@nearcast/protocol';
import type { Random } from '../random.ts';
import { DrawPool } from './draw-pool.ts';
import { DutyRing, type RingMember } from './duty-ring.ts';
import { selectPeers } from './select-peers.ts';

/**
 * Who watches what with whom, in the Nearcast dialect. Pure state: commands in, messages out; no sockets, no clock, no
 * chance of its own, so that the simulator runs this very code.
 */

export type ConnectionId = number;

/** Filled by the commands: who is to be told what. */
export type ViewerOutbox = { readonly to: ConnectionId; readonly message: TrackerMessage }[];

export interface ViewerSwarmsConfig {
  /** How many neighbours a viewer has about; up to so many others, everybody meets everybody. */
  readonly degree: number;
  /** How many a newcomer is introduced to in a larger swarm: later ones make up the rest. Fewer are topped up to this. */
  readonly joinDegree: number;
  /** How many of these are in other regions, so that no region is an island. */
  readonly farDegree: number;
  /** Regions with fewer viewers share one duty ring. */
  readonly ownRingFrom: number;
  /** What a viewer is taken to be able to pass on before it says so, bit/s. */
  readonly initialDutyBitsPerSecond: number;
}

export const viewerSwarmsDefaults: ViewerSwarmsConfig = {
  degree: 12,
  joinDegree: 7,
  farDegree: 2,
  ownRingFrom: 24,
  initialDutyBitsPerSecond: 1_000_000,
};

/** Viewers come and go: those avoided longest ago are gone. */
const MAX_AVOIDS = 64;

type Join = Extract<ViewerMessage, { type: 'join' }>;

/** What a viewer has from the replica that kept its swarm before. */
export interface Standing {
  /** Viewers that it was introduced to. */
  readonly links: readonly string[];
  /** Viewers that it is not to be introduced to. */
  readonly avoids: readonly string[];
  /** Undefined while it has not said. */
  readonly dutyBitsPerSecond?: number;
}

export interface Viewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
  readonly region: string;
  /** Whether it shares with others at all: viewers of another engine only report. */
  readonly meets: boolean;
  readonly links: Set<Viewer>;
  /** Neighbours from before that have not come here yet, or do not know of this one: no link, but no gap to fill either. */
  readonly claims: Set<string>;
  /** Viewers it was introduced to in vain, or that it left: never introduced again. */
  readonly avoids: Set<string>;
  /** When this viewer last told how much it received, for the clamp on what it can have received since. */
  reportedAt: number;
  upload: boolean;
  dutyBitsPerSecond: number;
  ring: DutyRing<Viewer> | undefined;
  readonly degree: number;
}

interface Region {
  readonly name: string;
  readonly viewers: DrawPool<Viewer>;
  /** Undefined while the region shares the swarm's common ring. */
  ring: DutyRing<Viewer> | undefined;
}

interface Swarm {
  readonly regions: Map<string, Region>;
  readonly viewers: DrawPool<Viewer>;
  readonly commonRing: DutyRing<Viewer>;
}

export class ViewerSwarms {
  readonly #config: ViewerSwarmsConfig;
  readonly #random: Random;
  readonly #swarms = new Map<string, Swarm>();
  readonly #byConnection = new Map<ConnectionId, Viewer>();
  readonly #byId = new Map<string, Viewer>();

  constructor(config: ViewerSwarmsConfig, random: Random) {
    this.#config = config;
    this.#random = random;
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
   * @param standing of a viewer that was in this swarm already: its neighbours are not introduced again
   */
  join(
    connection: ConnectionId,
    id: string,
    join: Join,
    region: string,
    now: number,
    out: ViewerOutbox,
    standing?: Standing,
  ): Viewer {
    this.leave(connection, out);
    this.#displace(this.#byId.get(id), out);
    const swarm = this.#swarms.get(join.swarm) ?? {
      regions: new Map(),
      viewers: new DrawPool(),
      commonRing: new DutyRing(this.#random),
    };
    this.#swarms.set(join.swarm, swarm);
    const home = swarm.regions.get(region) ?? { name: region, viewers: new DrawPool(), ring: undefined };
    swarm.regions.set(region, home);
    const viewer = newViewer(id, connection, join, region, now, {
      links: [],
      avoids: [],
      dutyBitsPerSecond: this.#config.initialDutyBitsPerSecond,
      ...standing,
    });
    home.viewers.add(viewer);
    swarm.viewers.add(viewer);
    this.#byConnection.set(connection, viewer);
    this.#byId.set(id, viewer);
    if (!viewer.meets) return viewer;
    this.#meetAgain(viewer);
    const { degree, joinDegree } = this.#config;
    // How large a swarm is that is still moving here cannot be told.
    const meetsAll = standing === undefined && swarm.viewers.size <= degree + 1;
    this.#fillLinks(viewer, swarm, meetsAll ? degree : joinDegree, out);
    if (viewer.upload) this.#takeDuty(viewer, swarm, out);
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
        this.#fillLinks(neighbour, swarm, this.#config.joinDegree, out);
    }
    viewer.links.clear();
  }

  /** What another replica must know of this viewer to take its swarm over. */
  standingOf(connection: ConnectionId): Standing | undefined {
    const viewer = this.#byConnection.get(connection);
    if (!viewer) return undefined;
    const links = [...Array.from(viewer.links, ({ id }) => id), ...viewer.claims];
    return { links, avoids: [...viewer.avoids], dutyBitsPerSecond: viewer.dutyBitsPerSecond };
  }

  find(id: string): Viewer | undefined {
    return this.#byId.get(id);
  }

  areLinked(connection: ConnectionId, peer: string): boolean {
    const viewer = this.#byConnection.get(connection);
    return viewer !== undefined && linkTo(viewer, peer) !== undefined;
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
    const could = viewer.upload && viewer.dutyBitsPerSecond > 0;
    Object.assign(viewer, { upload, dutyBitsPerSecond });
    const can = upload && dutyBitsPerSecond > 0;
    if (could && !can) {
      this.#giveUpDuty(viewer, out);
      out.push({ to: connection, message: { type: 'duty', arc: null } });
    } else if (!could && can) this.#takeDuty(viewer, swarm, out);
    else if (can) tellArcs(viewer.ring?.reweigh(viewer, dutyBitsPerSecond) ?? [], out);
  }

  want(connection: ConnectionId, peers: number, out: ViewerOutbox): void {
    const viewer = this.#byConnection.get(connection);
    const swarm = viewer && this.#swarms.get(viewer.swarm);
    if (!viewer?.meets || !swarm) return;
    this.#fillLinks(viewer, swarm, Math.min(viewer.degree + peers, 2 * this.#config.degree), out);
  }

  /** [S7] Frees both ends; who was rejected is not introduced to this viewer again, nor who could not be reached. */
  unlink(connection: ConnectionId, peer: string, because: UnlinkReason): boolean {
    const viewer = this.#byConnection.get(connection);
    if (!viewer) return false;
    const other = linkTo(viewer, peer);
    if (!other && !viewer.claims.delete(peer)) return false;
    if (other) {
      viewer.links.delete(other);
      other.links.delete(viewer);
    } else this.#byId.get(peer)?.claims.delete(viewer.id);
    // Of a claim it is not known whether the other ever heard of it: that it failed says little.
    const isAvoided = other ? because !== 'closed' : because === 'rejected';
    if (isAvoided) keepNewest(viewer.avoids, peer, MAX_AVOIDS);
    return true;
  }

  /** [S7] Only between viewers that were introduced to each other. @returns whether it was passed on */
  relay(connection: ConnectionId, to: string, signal: Signal, out: ViewerOutbox): boolean {
    const viewer = this.#byConnection.get(connection);
    const other = viewer && linkTo(viewer, to);
    if (!viewer || !other) return false;
    out.push({ to: other.connection, message: { type: 'signal', from: viewer.id, signal } });
    return true;
  }

  /** Both know of each other: a pair as before. */
  #meetAgain(viewer: Viewer): void {
    for (const id of viewer.claims) {
      const other = this.#byId.get(id);
      if (other?.swarm !== viewer.swarm || !other.claims.delete(viewer.id)) continue;
      viewer.claims.delete(id);
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
      neighbour.claims.add(viewer.id);
    }
    viewer.links.clear();
  }

  #remove(viewer: Viewer, swarm: Swarm, out: ViewerOutbox): void {
    const region = swarm.regions.get(viewer.region) as Region;
    this.#byConnection.delete(viewer.connection);
    this.#byId.delete(viewer.id);
    region.viewers.delete(viewer);
    swarm.viewers.delete(viewer);
    if (region.viewers.size === 0) swarm.regions.delete(region.name);
    if (swarm.viewers.size === 0) this.#swarms.delete(viewer.swarm);
    this.#giveUpDuty(viewer, out);
    this.#giveUpSmallRing(region, swarm, out);
  }

  #fillLinks(viewer: Viewer, swarm: Swarm, target: number, out: ViewerOutbox): void {
    const wanted = target - viewer.degree;
    if (wanted <= 0) return;
    const mayMeet = (other: Viewer) =>
      other !== viewer &&
      other.meets &&
      !viewer.links.has(other) &&
      !viewer.claims.has(other.id) &&
      !other.claims.has(viewer.id) &&
      !viewer.avoids.has(other.id) &&
      !other.avoids.has(viewer.id);
    const isFar = (other: Viewer) => other.region !== viewer.region;
    const farWanted = swarm.regions.size > 1 ? Math.min(wanted, this.#config.farDegree - farLinks(viewer)) : 0;
    const home = swarm.regions.get(viewer.region)?.viewers;
    for (const other of selectPeers(home?.all ?? [], wanted - Math.max(0, farWanted), mayMeet, this.#random)) {
      introduce(viewer, other, 'region', out);
    }
    // Whom the region lacks, others make up for.
    const far = selectPeers(
      swarm.viewers.all,
      target - viewer.degree,
      (other) => isFar(other) && mayMeet(other),
      this.#random,
    );
    for (const other of far) introduce(viewer, other, 'far', out);
  }

  #takeDuty(viewer: Viewer, swarm: Swarm, out: ViewerOutbox): void {
    const region = swarm.regions.get(viewer.region) as Region;
    if (!region.ring && region.viewers.size >= this.#config.ownRingFrom) {
      region.ring = new DutyRing(this.#random);
      for (const other of region.viewers.all) this.#moveDuty(other, region.ring, out);
    }
    if (viewer.ring === undefined) this.#moveDuty(viewer, region.ring ?? swarm.commonRing, out);
  }

  /** Not at once below `ownRingFrom`: a region that wavers around it would move everybody all the time. */
  #giveUpSmallRing(region: Region, swarm: Swarm, out: ViewerOutbox): void {
    if (!region.ring || region.viewers.size >= this.#config.ownRingFrom / 2) return;
    region.ring = undefined;
    for (const viewer of region.viewers.all) this.#moveDuty(viewer, swarm.commonRing, out);
  }

  #moveDuty(viewer: Viewer, ring: DutyRing<Viewer>, out: ViewerOutbox): void {
    if (!viewer.meets || !viewer.upload || viewer.dutyBitsPerSecond <= 0) return;
    this.#giveUpDuty(viewer, out);
    viewer.ring = ring;
    tellArcs(ring.add(viewer, viewer.dutyBitsPerSecond), out);
  }

  #giveUpDuty(viewer: Viewer, out: ViewerOutbox): void {
    tellArcs(viewer.ring?.remove(viewer) ?? [], out);
    viewer.ring = undefined;
  }
}

function newViewer(
  id: string,
  connection: ConnectionId,
  { swarm, engine, upload }: Join,
  region: string,
  now: number,
  standing: Required<Standing>,
): Viewer {
  const links = new Set<Viewer>();
  const claims = new Set(standing.links);
  return {
    id,
    connection,
    swarm,
    region,
    meets: engine === 'swarm',
    links,
    claims,
    avoids: new Set(standing.avoids),
    reportedAt: now,
    upload,
    dutyBitsPerSecond: standing.dutyBitsPerSecond,
    ring: undefined,
    get degree() {
      return links.size + claims.size;
    },
  };
}

/** Adds to a set, and lets go of its oldest member when it has grown too large. */
export function keepNewest<T>(set: Set<T>, member: T, max: number): void {
  set.add(member);
  if (set.size <= max) return;
  for (const oldest of set) {
    set.delete(oldest);
    return;
  }
}

function linkTo(viewer: Viewer, peer: string): Viewer | undefined {
  for (const other of viewer.links) if (other.id === peer) return other;
  return undefined;
}

function farLinks(viewer: Viewer): number {
  let far = 0;
  for (const other of viewer.links) if (other.region !== viewer.region) far += 1;
  return far;
}

/** The newcomer makes the offer: it has nothing else to do. */
function introduce(viewer: Viewer, other: Viewer, nearness: Nearness, out: ViewerOutbox): void {
  viewer.links.add(other);
  other.links.add(viewer);
  out.push({ to: other.connection, message: { type: 'introduce', peer: viewer.id, initiate: false, nearness } });
  out.push({ to: viewer.connection, message: { type: 'introduce', peer: other.id, initiate: true, nearness } });
}

function tellArcs(members: readonly RingMember<Viewer>[], out: ViewerOutbox): void {
  for (const { id: viewer, arc } of members) out.push({ to: viewer.connection, message: { type: 'duty', arc } });
}
