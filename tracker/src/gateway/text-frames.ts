import { LONG, MEDIUM, MOST_SHORT_BYTES, PING, WHOLE_TEXT } from './frame-format.ts';

const LARGEST_MEDIUM_BYTES = 0xffff;
/** Without a mask: what a server sends has none (RFC 6455 §5.1). */
const LONGEST_HEADER_BYTES = 10;

/** RFC 6455 §5.5.2. */
export const emptyPing: Buffer = Buffer.from([PING, 0]);

/** UTF-8 has at most three bytes for each unit of UTF-16. */
const MOST_BYTES_PER_UNIT = 3;

/** What these texts can be at most as frames, bytes. */
export function mostFrameBytes(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + LONGEST_HEADER_BYTES + length * MOST_BYTES_PER_UNIT, 0);
}

/**
 * Writes text messages, one frame each, one after the other.
 * @param frames with room for `mostFrameBytes`
 * @returns how many bytes they are
 */
export function writeTextFrames(texts: readonly string[], frames: Buffer): number {
  return texts.reduce((at, text) => writeFrame(text, frames, at), 0);
}

/** @returns where the next frame begins */
function writeFrame(text: string, frames: Buffer, at: number): number {
  // Nearly always each character is one byte: it costs less to move a text now and then than to measure each.
  const expected = headerBytes(text.length);
  const bytes = frames.write(text, at + expected);
  const header = headerBytes(bytes);
  if (header !== expected) frames.copyWithin(at + header, at + expected, at + expected + bytes);
  writeHeader(frames, at, bytes);
  return at + header + bytes;
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes <= MOST_SHORT_BYTES) return 2;
  return payloadBytes <= LARGEST_MEDIUM_BYTES ? 4 : LONGEST_HEADER_BYTES;
}

function writeHeader(frames: Buffer, at: number, payloadBytes: number): void {
  frames[at] = WHOLE_TEXT;
  switch (headerBytes(payloadBytes)) {
    case 2:
      frames[at + 1] = payloadBytes;
      break;
    case 4:
      frames[at + 1] = MEDIUM;
      frames.writeUInt16BE(payloadBytes, at + 2);
      break;
    default:
      frames[at + 1] = LONG;
      frames.writeBigUInt64BE(BigInt(payloadBytes), at + 2);
  }
}
