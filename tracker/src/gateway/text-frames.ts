/** RFC 6455 §5.2: a whole text message in one frame, FIN set; what a server sends is not masked. */
const FIN_AND_TEXT = 0x81;
const LARGEST_SHORT_BYTES = 125;
const LARGEST_MEDIUM_BYTES = 0xffff;
const MEDIUM = 126;
const LONG = 127;

/** Text messages, one frame each, one after the other. */
export function textFrames(texts: readonly string[]): Buffer {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(sizes.reduce((sum, bytes) => sum + headerBytes(bytes) + bytes, 0));
  let at = 0;
  texts.forEach((text, index) => {
    at = writeHeader(frames, at, sizes[index] ?? 0);
    at += frames.write(text, at);
  });
  return frames;
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes <= LARGEST_SHORT_BYTES) return 2;
  return payloadBytes <= LARGEST_MEDIUM_BYTES ? 4 : 10;
}

/** @returns where the payload begins */
function writeHeader(frames: Buffer, at: number, payloadBytes: number): number {
  frames[at] = FIN_AND_TEXT;
  switch (headerBytes(payloadBytes)) {
    case 2:
      frames[at + 1] = payloadBytes;
      return at + 2;
    case 4:
      frames[at + 1] = MEDIUM;
      return frames.writeUInt16BE(payloadBytes, at + 2);
    default:
      frames[at + 1] = LONG;
      return frames.writeBigUInt64BE(BigInt(payloadBytes), at + 2);
  }
}
