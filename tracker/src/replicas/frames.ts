import type { Signal, UnlinkReason } from '@nearcast/protocol';
import type { BinaryId, TorrentCommand, TorrentReply } from '../dialects/webtorrent.ts';
import type { Join } from '../directory/viewer-directory.ts';
import type { Urgency } from '../gateway/outgoing-texts.ts';
import type { Place } from '../locality/place.ts';
import type { Side } from '../reports/exchange-ledger.ts';
import type { ConnectionId, MeasuredLink, Standing } from '../swarm/viewer-swarms.ts';
import type { NodeId } from './rendezvous.ts';

/**
 * What replicas tell each other. They were parsed where they came in, and only replicas can write to Redis; still, a
 * change to any of them needs another `WIRE_VERSION`: replicas of two versions form two trackers, which is well for the
 * minutes that an upgrade takes.
 */
export const WIRE_VERSION = 3;

/** A viewer command after the join. */
export type ViewerCommand =
  | { readonly is: 'update'; readonly upload: boolean; readonly dutyBitsPerSecond: number }
  | { readonly is: 'want'; readonly peers: number }
  | { readonly is: 'unlink'; readonly peer: string; readonly because: UnlinkReason }
  | { readonly is: 'signal'; readonly to: string; readonly signal: Signal }
  | { readonly is: 'heard'; readonly links: readonly MeasuredLink[] }
  | { readonly is: 'leave' };

/** From the replica with a viewer's connection to the one that keeps its swarm. */
export type ToOwner =
  | {
      readonly is: 'join';
      readonly viewer: string;
      readonly join: Join;
      readonly place: Place;
      /** Of a viewer that was in this swarm already. */
      readonly standing?: Standing;
    }
  /** Another keeps this viewer's swarm now: nobody needs to hear of it. */
  | { readonly is: 'moved'; readonly viewer: string }
  | { readonly is: 'command'; readonly viewer: string; readonly command: ViewerCommand }
  | { readonly is: 'torrent'; readonly connection: ConnectionId; readonly command: TorrentCommand }
  /** A peer that was in this swarm already: it is told nothing. */
  | { readonly is: 'torrent-again'; readonly connection: ConnectionId; readonly command: Announce }
  /** The connection is gone, or this swarm of its is kept elsewhere now. */
  | { readonly is: 'torrent-gone'; readonly connection: ConnectionId; readonly infoHash?: BinaryId }
  /** What viewers there told of their exchange with viewers of other replicas. */
  | ({ readonly is: 'told'; readonly account: string } & Readonly<Record<Side, number>>);

export type Announce = Extract<TorrentCommand, { is: 'announce' }>;

/** From the replica that keeps a swarm to the one with the connection. */
export type ToHolder =
  | { readonly is: 'joined'; readonly viewer: string; readonly viewers: number }
  | ToldText
  | Introduction
  | { readonly is: 'reply'; readonly connection: ConnectionId; readonly reply: TorrentReply }
  /** So much of it others told, too. */
  | { readonly is: 'agreed'; readonly account: string; readonly side: Side; readonly bytes: number };

/** What a viewer is told. */
export interface ToldText {
  readonly is: 'tell';
  readonly viewer: string;
  /** The message as it goes out: whoever holds the connection need not read it. */
  readonly text: string;
}

export interface Introduction {
  readonly is: 'introduce';
  readonly viewer: string;
  readonly peer: string;
  /** The replica with the peer's connection, to which signals may go straight. */
  readonly at: NodeId;
  readonly urgency: Urgency;
  /** The message, as it goes out. */
  readonly text: string;
}

/** From the replica with one viewer's connection to the one with another's: what most of all words are. */
export interface PassedSignal {
  readonly is: 'signal';
  readonly viewer: string;
  readonly from: string;
  /** The message to the viewer, as it goes out. */
  readonly text: string;
}

export type Frame = ToOwner | ToHolder | PassedSignal;
