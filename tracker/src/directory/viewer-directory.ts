import type { Signal, TrackerMessage, UnlinkReason, ViewerMessage } from '@nearcast/protocol';
import type { Place } from '../locality/place.ts';
import type { ConnectionId, MeasuredLink, ViewerOutbox } from '../swarm/viewer-swarms.ts';

export type Join = Extract<ViewerMessage, { type: 'join' }>;

/** A viewer whose connection is at this replica, wherever its swarm is kept. */
export interface HeldViewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
  /** When this viewer last told how much it received, for the clamp on what it can have received since. */
  reportedAt: number;
}

/** What a viewer is greeted with once it is known how many are in its swarm. */
export type Welcome = (viewers: number) => TrackerMessage;

/**
 * What became of a signal. `sent-on`: another replica passes it on, and counts it. `no-pair`: the two were not introduced, or one
 * has gone. `alone`: the same, while no other replica can be reached, where the other may well be.
 */
export type RelayOutcome = 'relayed' | 'sent-on' | 'no-pair' | 'alone';

/** The way from connections to swarms. Consequences that are known at once are in `out`; others follow by themselves. */
export interface ViewerDirectory {
  viewerAt(connection: ConnectionId): HeldViewer | undefined;
  /** The viewers of a swarm whose connections are here. */
  heldIn(swarm: string): readonly HeldViewer[];
  /** The welcome comes before all else that the viewer hears of its swarm. */
  join(
    connection: ConnectionId,
    id: string,
    join: Join,
    place: Place,
    now: number,
    welcome: Welcome,
    out: ViewerOutbox,
  ): void;
  update(connection: ConnectionId, upload: boolean, dutyBitsPerSecond: number, out: ViewerOutbox): void;
  want(connection: ConnectionId, peers: number, out: ViewerOutbox): void;
  /** @returns whether there was such a pair, as far as is known here */
  unlink(connection: ConnectionId, peer: string, because: UnlinkReason): boolean;
  relay(connection: ConnectionId, to: string, signal: Signal, out: ViewerOutbox): RelayOutcome;
  /** What a viewer tells of its connections, and that it is still there. */
  heard(connection: ConnectionId, links: readonly MeasuredLink[], now: number, out: ViewerOutbox): void;
  leave(connection: ConnectionId, out: ViewerOutbox): void;
}
