import type { ViewerMessage } from '@nearcast/protocol';
import { nowhere, type Place } from '../locality/place.ts';
import type { Cell } from './cell.ts';
import type { DutyRing } from './duty-ring.ts';

export type ConnectionId = number;

type Join = Extract<ViewerMessage, { type: 'join' }>;

/** One who watches, as the swarm knows it. */
export interface Viewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
  readonly place: Place;
  readonly region: string;
  /** Whether it shares with others at all: viewers of another engine only report. */
  readonly meets: boolean;
  readonly links: Set<Viewer>;
  /** Viewers it was introduced to in vain, or that it left: never introduced again. */
  readonly avoids: WeakSet<Viewer>;
  readonly joinedAt: number;
  /** When this viewer last told how much it received, for the clamp on what it can have received since. */
  reportedAt: number;
  upload: boolean;
  dutyBitsPerSecond: number;
  /** It has stayed for a while, and so will probably go on. */
  settled: boolean;
  /** The mesh that it lives in; undefined before and after. */
  cell: Cell | undefined;
  ring: DutyRing<Viewer> | undefined;
  readonly degree: number;
}

/** @param where of some only the region is known */
export function newViewer(
  id: string,
  connection: ConnectionId,
  { swarm, engine, upload }: Join,
  where: Place | string,
  now: number,
  dutyBitsPerSecond: number,
): Viewer {
  const links = new Set<Viewer>();
  const place = typeof where === 'string' ? { ...nowhere, region: where } : where;
  return {
    id,
    connection,
    swarm,
    place,
    region: place.region,
    meets: engine === 'swarm',
    links,
    avoids: new WeakSet(),
    joinedAt: now,
    reportedAt: now,
    upload,
    dutyBitsPerSecond,
    settled: false,
    cell: undefined,
    ring: undefined,
    get degree() {
      return links.size;
    },
  };
}
