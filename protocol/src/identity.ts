/**
 * What a segment is called between viewers, tracker and edge: derived from what was asked for, never from what is
 * playing. Query strings do not count, so that signed URLs do not split swarms; the manifest decides what the bytes are.
 */

/** Bytes `start` to `end`, the end not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export const SEGMENT_KEY_BYTES = 16;

/** [I1] The key is the first 16 bytes of SHA-256 over this text, in UTF-8. */
export function segmentIdentity(path: string, range?: ByteRange): string {
  const normal = normalPath(path);
  return range ? `${normal}\n${range.start}-${range.end - 1}` : normal;
}

/**
 * [I2] RFC 3986 §6.2.2: escapes that need none are undone, the others are written in capitals. Dot segments are gone
 * before: URL parsers remove them.
 */
export function normalPath(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
  });
}

/** [I3] The path of an absolute URL, as `segmentIdentity` wants it. `undefined` for what is no URL. */
export function pathOfUrl(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined;
}

/** [I4] Where a segment's manifest is. */
export function manifestUrl(segmentUrl: string, range?: ByteRange): string {
  const url = new URL(segmentUrl);
  url.pathname += manifestSuffix(range);
  return url.href;
}

/** [I4] What stands after the path of a segment, or of a file of which it is a byte range. */
export function manifestSuffix(range?: ByteRange): string {
  return MANIFEST_SUFFIX + (range ? `-${range.start}-${range.end - 1}` : '');
}

const MANIFEST_SUFFIX = '.nearcast';

/** [I5] A rendition's number, where 32 bits must do: the first four bytes of its playlist's key. */
export function renditionNumber(playlistKey: Uint8Array): number {
  return new DataView(playlistKey.buffer, playlistKey.byteOffset).getUint32(0);
}

/** Bytes as text, for maps: 32 characters of lower-case hexadecimal for a key. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
