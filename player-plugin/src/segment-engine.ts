/**
 * The port between hls.js and whatever moves bytes. Both engines implement it; `hls/` is the only caller.
 */
export interface SegmentEngine {
  /** `undefined`: the engine has no part in this segment, and the caller asks the edge in hls.js' own way. */
  deliver(request: SegmentRequest): SegmentDelivery | undefined;
  /** A playlist was loaded or reloaded. */
  renditionChanged(rendition: Rendition): void;
  playheadMoved(playhead: Playhead): void;
  /** Ends every transfer and connection; requests in flight are rejected. */
  destroy(): void;
}

/** Bytes `start` to `end`, the end not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface SegmentRequest {
  readonly url: string;
  readonly range?: ByteRange;
}

export interface SegmentDelivery {
  /** Rejects with an AbortError after `abort()`, and with any other error when the engine gives up. */
  readonly whole: Promise<DeliveredSegment>;
  abort(): void;
}

export interface DeliveredSegment {
  /** The caller's own copy: hls.js transfers it to a worker, which empties it here. */
  readonly data: ArrayBuffer;
  readonly from: 'peers' | 'edge';
  /** The rate, bit/s, that hls.js may count on when it chooses the next rendition. */
  readonly bitsPerSecond: number;
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
  readonly rate: number;
}

/** What an engine tells its session. */
export interface EngineObserver {
  /** Media bytes that came over the network. */
  received(from: 'peers' | 'edge', bytes: number): void;
  uploaded(bytes: number): void;
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  warned(reason: 'tracker-unreachable' | 'peer-error' | 'not-honoured', message: string): void;
}
