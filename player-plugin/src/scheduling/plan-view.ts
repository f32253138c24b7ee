import type { DutyRule } from './fetch-duty.ts';

/** Everything that a plan may depend on. Times are ms on the engine's clock. */
export interface PlanView {
  readonly now: number;
  /** What is wanted, nearest deadline first. */
  readonly segments: readonly SegmentView[];
  /** Connected neighbours. */
  readonly peers: readonly PeerView[];
  /** Who has what of a segment: by chunk, the bits of neighbours. */
  readonly holders: (key: string) => Int32Array | undefined;
  readonly edge: EdgeView;
  /** A number for this viewer, by which it draws lots. */
  readonly me: number;
  /** Which share of a live segment is asked of the edge as soon as it is known; none below 0. */
  readonly earlyShare: number;
}

/** How a chunk stands: bits, for it may be asked for twice when time is short. */
export const ASKED_PEER = 1;
export const ASKED_EDGE = 2;
export const HELD = 4;

export interface SegmentView {
  readonly key: string;
  readonly seed: number;
  /** 0 while no manifest is here. */
  readonly chunks: number;
  readonly chunkBytes: number;
  /** The last chunk's bytes. */
  readonly lastChunkBytes: number;
  /** `ASKED_PEER | ASKED_EDGE | HELD` by chunk. */
  readonly state: Uint8Array;
  readonly heldChunks: number;
  readonly learnedAt: number;
  /** When it must be whole, margin for the player included. */
  readonly deadline: number;
  /** How long that was from `learnedAt`, for the backups' patience. */
  readonly slackMs: number;
  readonly manifest: 'missing' | 'asked' | 'here';
  /** Its whole body is on its way from the edge: nothing else needs to be asked for. */
  readonly isComingWhole: boolean;
  /** Its URL is known, and the edge gave it so far. */
  readonly mayAskEdge: boolean;
  /** Live segments are new to all neighbours at the same time; of a recording everybody wants the next one first. */
  readonly isLive: boolean;
  readonly duty: DutyRule;
  /** Of a recording: the bits of neighbours who play it sooner. */
  readonly sooner: number;
}

export interface PeerView {
  readonly id: string;
  /** Bytes per ms that it delivers to us. */
  readonly bytesPerMs: number;
  readonly rttMs: number;
  readonly queueMs: number;
  /** Chunks asked of it and not here yet. */
  readonly inFlight: number;
  /** Nothing should be asked of it before. */
  readonly availableAt: number;
  /** Whether what it says it has can be counted on: it has not broken its word of late. */
  readonly isReliable: boolean;
  readonly holdings: HoldingsView;
}

/** What a peer says that it has. */
export interface HoldingsView {
  /** Its own among the bits of all neighbours. */
  readonly bit: number;
  /** Whether it has named the segment. */
  knows(key: string): boolean;
  isFetching(key: string, chunk: number, now: number): boolean;
}

export interface EdgeView {
  /** Until the first byte, ms. */
  readonly rttMs: number;
  readonly bytesPerMs: number;
  /** Bytes asked of the edge and not here yet. */
  readonly pendingBytes: number;
}

export type FetchReason = 'duty' | 'backup' | 'early' | 'repair';

export type Action =
  | {
      readonly do: 'ask-peer';
      readonly segment: SegmentView;
      readonly chunk: number;
      readonly peer: PeerView;
      readonly withinMs: number;
    }
  /** Chunks `first` up to `end`, the end not included. */
  | {
      readonly do: 'fetch';
      readonly segment: SegmentView;
      readonly first: number;
      readonly end: number;
      readonly because: FetchReason;
    }
  /** The whole body in one ordinary request, as hls.js would make it. */
  | { readonly do: 'fetch-whole'; readonly segment: SegmentView; readonly because: FetchReason }
  | { readonly do: 'fetch-manifest'; readonly segment: SegmentView }
  | { readonly do: 'ask-manifest'; readonly segment: SegmentView; readonly peer: PeerView };

export interface PlanConfig {
  /** Chunks in flight from one peer, at most; fewer where its rate needs fewer. */
  readonly maxPerPeer: number;
  readonly maxInFlight: number;
  /** The edge must have delivered so long before the deadline, ms. */
  readonly repairMarginMs: number;
  /** What must be here so soon is asked for before anything else, ms. */
  readonly urgentMs: number;
  /** So much may be asked of the edge ahead of time: what comes fills the line, ms at the edge's rate. */
  readonly prefetchMs: number;
  /** Backups count at most so much slack: on demand, deadlines may be minutes away. */
  readonly longestSlackMs: number;
}

export const planDefaults: PlanConfig = {
  maxPerPeer: 6,
  maxInFlight: 48,
  repairMarginMs: 250,
  urgentMs: 2_500,
  prefetchMs: 500,
  longestSlackMs: 10_000,
};
