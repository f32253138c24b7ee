import { PIECE_BYTES, PIECE_HEADER_BYTES, SEGMENT_KEY_BYTES } from '@nearcast/protocol';

/** The longest message with a piece. */
const BUFFER_BYTES = PIECE_HEADER_BYTES + SEGMENT_KEY_BYTES + PIECE_BYTES;

/**
 * Copies of messages that are under way, in memory that is used again: with a buffer for each, a thousand viewers would
 * have the collector mark everything there is through twice in a virtual second, for the sake of these bytes alone.
 */
export class PieceBuffers {
  readonly #free: ArrayBuffer[] = [];

  copyOf(message: Uint8Array): Uint8Array {
    if (message.length > BUFFER_BYTES) return message.slice();
    const copy = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(BUFFER_BYTES), 0, message.length);
    copy.set(message);
    return copy;
  }

  /** Whoever was given the message has kept nothing of it. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === BUFFER_BYTES) this.#free.push(buffer);
  }
}
