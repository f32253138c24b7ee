import type { EngineName } from './config.ts';

/** What the page is told before it plays. */
export interface ViewerTask {
  readonly engine: EngineName;
  readonly playlistUrl: string;
  readonly trackerUrl: string;
  /** The edge's own, for manifests. */
  readonly trustedKeys: readonly JsonWebKey[];
  readonly trace: boolean;
}

/** What a viewer has seen so far; all counts are from its beginning on. */
export interface ViewerSample {
  readonly playedSeconds: number;
  /** Media bytes that hls.js got, from wherever. */
  readonly deliveredBytes: number;
  /** Media bytes by where they came from, as the engine counts them. */
  readonly edgeBytes: number;
  readonly peerBytes: number;
  /** Media bytes sent to others. */
  readonly uploadedBytes: number;
  /** Bytes that were received and thrown away, where the engine says. */
  readonly discardedBytes: number;
  /** All that was handed to data channels, media included. */
  readonly channelBytes: number;
  /** The same with all headers but UDP's and IP's, and with what had to be sent twice. */
  readonly wireBytes: number;
  /** Of all connections, as the browser counts them: what one sent and the other has not received was lost. */
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly stalls: number;
  readonly stalledMs: number;
  /** From the request for the playlist to the first frame; nothing before that. */
  readonly startupMs: number | null;
  /** Behind the live edge, as hls.js reckons; nothing on demand. */
  readonly latencySeconds: number | null;
  readonly connectedPeers: number;
  /** On demand: the last second is in the buffer. */
  readonly hasAll: boolean;
  /** Why hls.js gave up, if it did. */
  readonly failure: string | null;
}

/** One thing that happened to a viewer; `at` in ms since 1970, the same clock for all. */
export interface TraceEvent {
  readonly at: number;
  readonly event: string;
  readonly [detail: string]: unknown;
}

/** How the page is driven from outside. */
export interface ViewerPage {
  start(task: ViewerTask): void;
  sample(): Promise<ViewerSample>;
  takeTrace(): TraceEvent[];
}
