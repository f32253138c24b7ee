import type { ByteRange } from '@nearcast/protocol';
import type { EdgeTiming } from '../segment-engine.ts';

/** The edge, as far as the engine knows it. Adapters: the site's own hls.js loaders, and a model for the simulator. */
export interface EdgeClient {
  /**
   * Fetches; calls `done` exactly once, unless cancelled before: with nothing when it failed.
   * @returns cancels the request
   */
  fetch(request: EdgeRequest, done: (answer: EdgeAnswer | undefined) => void): () => void;
}

export interface EdgeRequest {
  readonly what: 'segment' | 'manifest';
  /** The segment's URL, also when its manifest is wanted. */
  readonly url: string;
  /** The segment's own range, when it is a part of a file. */
  readonly segmentRange?: ByteRange | undefined;
  /** The bytes that are wanted, counted within the segment; without it all of them, by an ordinary request. */
  readonly within?: ByteRange | undefined;
}

export interface EdgeAnswer extends EdgeTiming {
  readonly bytes: Uint8Array;
}
