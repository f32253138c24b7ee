import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How much is hashed before others get their turn: about a millisecond's work. */
const TURN_BYTES = 1024 * 1024;

/**
 * SHA-1 of each piece, in order (BEP 3 `pieces`); holds no more than one part of the source at a time.
 * @param progressed told how many bytes are hashed, now and then
 */
export async function hashPieces(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  pieceBytes: number,
  progressed: (bytes: number) => void,
): Promise<{ readonly pieces: Buffer; readonly bytes: number }> {
  const hashes: Buffer[] = [];
  let hash = createHash('sha1');
  let inPiece = 0;
  let bytes = 0;
  let toldAt = 0;
  for await (const part of source) {
    for (let at = 0; at < part.byteLength; ) {
      const taken = part.subarray(at, at + pieceBytes - inPiece);
      hash.update(taken);
      at += taken.byteLength;
      inPiece += taken.byteLength;
      if (inPiece === pieceBytes) {
        hashes.push(hash.digest());
        hash = createHash('sha1');
        inPiece = 0;
      }
    }
    bytes += part.byteLength;
    if (bytes - toldAt < TURN_BYTES) continue;
    toldAt = bytes;
    progressed(bytes);
    await nextTurn();
  }
  if (inPiece > 0) hashes.push(hash.digest());
  progressed(bytes);
  return { pieces: Buffer.concat(hashes), bytes };
}
