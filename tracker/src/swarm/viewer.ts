import type { ViewerMessage } from '@nearcast/protocol';
import { nowhere, type Place } from '../locality/place.ts';
import type { Cell } from './cell.ts';
import type { DutyRing } from './duty-ring.ts';

export type ConnectionId = number;

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

/** How long a way to a neighbour and back takes, as a viewer measured it. */
export interface MeasuredLink {
  readonly peer: string;
  readonly rttMs: number;
}

/**
 * One who watches, as the swarm knows it. A class, for the getter of an object literal is another one in each object, and then code
 * that looks at many viewers finds each in a shape of its own.
 */
export class Viewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
  readonly place: Place;
  readonly region: string;
  /** Whether it shares with others at all: viewers of another engine only report. */
  readonly meets: boolean;
  readonly links: Set<Viewer> = new Set();
  /**
   * Neighbours from before that have not come here yet, or do not know of this one: no link, but no gap to fill either. Undefined
   * where there never was one, as with most: whoever is looked at for an introduction costs a look into memory for each set.
   */
  claims: Set<string> | undefined;
  /** Viewers it was introduced to in vain, or that it left: never introduced again. */
  avoids: Set<string> | undefined;
  readonly joinedAt: number;
  /** When this viewer last told how much it received, for the clamp on what it can have received since. */
  reportedAt: number;
  upload: boolean;
  dutyBitsPerSecond: number;
  /** It has stayed for a while, and so will probably go on. */
  settled = false;
  /** The mesh that it lives in; undefined before and after. */
  cell: Cell | undefined = undefined;
  ring: DutyRing<Viewer> | undefined = undefined;

  /** @param where of some only the region is known */
  constructor(
    id: string,
    connection: ConnectionId,
    { swarm, engine, upload }: Join,
    where: Place | string,
    now: number,
    standing: Required<Standing>,
  ) {
    this.id = id;
    this.connection = connection;
    this.swarm = swarm;
    this.place = typeof where === 'string' ? { ...nowhere, region: where } : where;
    this.region = this.place.region;
    this.meets = engine === 'swarm';
    this.claims = setOf(standing.links);
    this.avoids = setOf(standing.avoids);
    this.joinedAt = now;
    this.reportedAt = now;
    this.upload = upload;
    this.dutyBitsPerSecond = standing.dutyBitsPerSecond;
  }

  get degree(): number {
    return this.links.size + (this.claims?.size ?? 0);
  }
}

function setOf(names: readonly string[]): Set<string> | undefined {
  return names.length === 0 ? undefined : new Set(names);
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
