import type { ByteRange } from '@nearcast/protocol';

/**
 * The port between hls.js and whatever moves bytes. Both engines implement it; `hls/` is the only caller.
 */
export interface SegmentEngine {
  /** A delivery that takes longer than this is given up, and the segment loaded in hls.js' own way, ms. */
  readonly patienceMs: number;
  /** `undefined`: the engine has no part in this segment, and the caller asks the edge in hls.js' own way. */
  deliver(request: SegmentRequest): SegmentDelivery | undefined;
  /** A playlist was loaded or reloaded. */
  renditionChanged(rendition: Rendition): void;
  playheadMoved(playhead: Playhead): void;
  /** Ends every transfer and connection; requests in flight are rejected. */
  destroy(): void;
}

export interface SegmentRequest {
  readonly url: string;
  readonly range?: ByteRange;
  /** How long hls.js' load policy waits for the first byte, and for the last, ms. */
  readonly firstByteWithinMs: number;
  readonly wholeWithinMs: number;
}

/** How long the edge took, ms: from asking to the first byte, and from there to the last. */
export interface EdgeTiming {
  readonly firstByteMs: number;
  readonly transferMs: number;
}

export interface SegmentDelivery {
  /** Rejects, with nothing, after `abort()` and when the engine gives up: the caller asks in another way. */
  readonly whole: Promise<DeliveredSegment>;
  abort(): void;
}

export interface DeliveredSegment {
  /** The caller's own copy: hls.js transfers it to a worker, which empties it here. */
  readonly data: ArrayBuffer;
  readonly from: 'peers' | 'edge';
  /** The rate, bit/s, that hls.js may count on when it chooses the next rendition. */
  readonly bitsPerSecond: number;
  /** How long the edge takes to its first byte, ms. */
  readonly firstByteMs: number;
}

/** One media playlist, as far as delivery cares. */
export interface Rendition {
  /** Its playlist's URL. */
  readonly url: string;
  readonly kind: 'main' | 'audio';
  readonly live: boolean;
  /** Seconds. */
  readonly targetDuration: number;
  readonly segments: readonly TimelineSegment[];
}

export interface TimelineSegment {
  readonly url: string;
  readonly range?: ByteRange;
  /** Media sequence number. */
  readonly sequence: number;
  /** Position on hls.js' timeline, seconds. */
  readonly start: number;
  readonly end: number;
}

export interface Playhead {
  /** Seconds on the same timeline. */
  readonly position: number;
  /** 0 while paused, or waiting for data. */
  readonly rate: number;
  /** Seconds of media ahead of the position that the player has already. */
  readonly bufferedAhead: number;
}

/**
 * Why the edge was asked: on duty for others, in place of one who was, because it would be asked in the end anyway, to be in
 * time, or as the only source there is.
 */
export type EdgeReason = 'duty' | 'backup' | 'early' | 'repair' | 'alone';

/** What an engine tells its session. */
export interface EngineObserver {
  /** Media bytes that came from peers, and are kept. */
  receivedFromPeers(bytes: number, segment?: string): void;
  /** Media bytes that came from the edge. */
  receivedFromEdge(bytes: number, because: EdgeReason, segment?: string): void;
  uploaded(bytes: number): void;
  /** Bytes that came and were thrown away. */
  discarded(bytes: number): void;
  /** Bytes of the exchange itself, in both directions. */
  control(bytes: number): void;
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  /** A peer broke the rules, and was left. */
  peerRejected(peer: string, reason: 'wrong-bytes' | 'wrong-manifest' | 'malformed'): void;
  warned(
    reason: 'tracker-unreachable' | 'peer-error' | 'not-honoured' | 'no-manifest' | 'object-changed',
    message: string,
  ): void;
}
