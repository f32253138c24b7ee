import { type EdgeView, HELD, type PeerView, type PlanConfig, type SegmentView } from './plan-view.ts';
import { peersWithinMs, sizeOf } from './time-left.ts';

/** `has`: it is here. `coming`: from somebody else, or from the edge in the end. */
export type OfferAnswer = { readonly do: 'accept'; readonly withinMs: number } | { readonly do: 'has' | 'coming' };

export interface OfferedView {
  readonly now: number;
  readonly edge: EdgeView;
  readonly peer: PeerView;
  /** Chunks asked of all peers and not here yet. */
  readonly inFlight: number;
}

/** A neighbour could send this chunk at once: yes, if it is missing, on its way from nowhere, and in time. */
export function answerOffer(segment: SegmentView, chunk: number, view: OfferedView, config: PlanConfig): OfferAnswer {
  const state = segment.state[chunk];
  if (state === undefined || segment.isComingWhole) return { do: 'coming' };
  if (state & HELD) return { do: 'has' };
  const { peer, now, edge, inFlight } = view;
  const isFull = inFlight >= config.maxInFlight || peer.inFlight >= config.maxPerPeer;
  if (state !== 0 || isFull || peer.bannedUntil > now) return { do: 'coming' };
  const bytes = sizeOf(segment, chunk);
  const withinMs = peersWithinMs(segment.deadline - now, bytes, edge, config) - peer.rttMs;
  return (bytes * (1 + peer.inFlight)) / peer.bytesPerMs < withinMs ? { do: 'accept', withinMs } : { do: 'coming' };
}
