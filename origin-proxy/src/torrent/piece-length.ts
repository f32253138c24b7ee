const KIB = 1024;
const MIN_PIECE_BYTES = 64 * KIB;
/** A web seed is asked for one piece at a time (BEP 19), and a slice of the cache is 4 MiB: no piece lies in two. */
const MAX_PIECE_BYTES = 4 * KIB * KIB;
/** Enough that viewers always have different ones to give, few enough that the hashes are 20 KiB. */
const WANTED_PIECES = 1000;

/** A power of two, so that a file of any size has about a thousand pieces. */
export function pieceLengthFor(sizeBytes: number): number {
  const exact = Math.max(1, sizeBytes / WANTED_PIECES);
  return Math.min(MAX_PIECE_BYTES, Math.max(MIN_PIECE_BYTES, 2 ** Math.ceil(Math.log2(exact))));
}
