/**
 * What two connected viewers say to each other. Two data channels per pair, both reliable: `control` is ordered and
 * carries messages of one or more frames, `data` is unordered and carries pieces of chunks ([P1]). SPEC.md has the rules.
 */

export const PEER_PROTOCOL_VERSION = 5;

/** [P1] Negotiated ids: both ends open them themselves, and no time is lost on announcing them. */
export const CONTROL_CHANNEL_ID = 1;
export const DATA_CHANNEL_ID = 2;

/** [P2] Without message interleaving a larger message would hold up everything behind it (RFC 8831 §6.6). */
export const MAX_PEER_MESSAGE_BYTES: number = 64 * 1024;

/** [P3] Media bytes of one data message: 8 KiB measured 20 points of offload better than whole chunks at a tight uplink. */
export const PIECE_BYTES: number = 8 * 1024;
/** Media bytes of a piece that fills so many packets: what browsers put into one (1,191 bytes of SCTP), but for a header. */
export function pieceBytesOf(packets: number): number {
  return packets * PACKET_BYTES - PIECE_HEADER_BYTES;
}
const PACKET_BYTES = 1163;
/** [P3] Only the last piece of a chunk is smaller: each is acknowledged, and that must not cost more than it brings. */
export const LEAST_PIECE_BYTES = 1024;
/**
 * The most that stands before the media of a piece, unless numbers are out of the ordinary: id (4: below 2^28), number of the
 * segment (1), chunk (1), offset (3: below 2 MiB), queue (2: below 16 s).
 */
export const PIECE_HEADER_BYTES = 11;

/** A run of chunks: `first`, and so many. */
export interface ChunkRun {
  readonly first: number;
  readonly count: number;
}

export type PeerFrame =
  /** [P4] First on every connection, and only there. */
  | { readonly type: 'hello'; readonly version: number; readonly upload: boolean }
  /** Where a segment is, so that one who has not seen it in a playlist yet can fetch its share of it ([P5]). */
  | {
      readonly type: 'segment';
      readonly key: string;
      /** Of which rendition: `renditionNumber`. */
      readonly rendition: number;
      readonly sequence: number;
      readonly durationMs: number;
      readonly path: string;
      readonly range?: { readonly start: number; readonly end: number } | undefined;
    }
  | { readonly type: 'manifest'; readonly manifest: Uint8Array }
  | { readonly type: 'want-manifest'; readonly key: string }
  /** Chunks that the sender has verified and can pass on: additions only ([P6]). */
  | { readonly type: 'have'; readonly key: string; readonly runs: readonly ChunkRun[] }
  /** Chunks that the sender is fetching from the edge. */
  | { readonly type: 'fetching'; readonly key: string; readonly runs: readonly ChunkRun[] }
  /** The sender no longer has any of this segment. */
  | { readonly type: 'drop'; readonly key: string }
  /** What the sender plays and how far ahead it wants to be, seconds on the content's own timeline ([P10]). */
  | { readonly type: 'window'; readonly rendition: number; readonly from: number; readonly to: number }
  /** Waits are told in units of 32 ms ([P16]): less than that is lost. */
  | { readonly type: 'request'; readonly key: string; readonly chunk: number; readonly withinMs: number }
  /** Whoever will not have it in time, or no longer, says 0: it need not be asked again. */
  | { readonly type: 'refuse'; readonly key: string; readonly chunk: number; readonly retryAfterMs: number }
  | { readonly type: 'cancel'; readonly key: string; readonly chunk: number }
  /** Pieces that have arrived at the page ([P8]). */
  | {
      readonly type: 'ack';
      /** When the last of them arrived: whole ms on the receiver's own clock, of which modulo 2^16 is said. */
      readonly arrivedAtMs: number;
      readonly runs: readonly ChunkRun[];
    }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'goodbye'; readonly because: GoodbyeReason };

export const goodbyeReasons = ['leaving', 'replaced', 'rejected', 'version'] as const;
export type GoodbyeReason = (typeof goodbyeReasons)[number];

/** [P7] A piece of a chunk, on the data channel. */
export interface Piece {
  /** Counts the pieces on this connection, so that they can be acknowledged. */
  readonly id: number;
  readonly key: string;
  readonly chunk: number;
  /** Where in the chunk it belongs. */
  readonly offset: number;
  /** How long what the sender has accepted will take it, ms: whoever asks next will wait as long. */
  readonly queueMs: number;
  readonly bytes: Uint8Array;
}
