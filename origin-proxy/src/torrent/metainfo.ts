import { createHash } from 'node:crypto';
import bencode from 'bencode';

/** What a torrent says of its file, and what its identity is made of (BEP 3). */
export interface FileInfo {
  readonly name: string;
  /** bytes */
  readonly size: number;
  readonly pieceBytes: number;
  /** SHA-1 of each piece. */
  readonly pieces: Buffer;
  /** BEP 27: peers come from the trackers alone. */
  readonly isPrivate: boolean;
}

/** Where the file and those who have it are found: no part of its identity. */
export interface Sources {
  readonly trackers: readonly string[];
  /** URL of the file itself (BEP 19). */
  readonly webSeed: string;
}

/** The bencoded `info` dictionary. */
export function encodeInfo({ name, size, pieceBytes, pieces, isPrivate }: FileInfo): Buffer {
  return Buffer.from(
    bencode.encode({ length: size, name, 'piece length': pieceBytes, pieces, ...(isPrivate && { private: 1 }) }),
  );
}

/** Forty hexadecimal digits. */
export function infoHashOf(info: Buffer): string {
  return createHash('sha1').update(info).digest('hex');
}

/** The `.torrent` file. `info` goes in as it was hashed, for its bytes are what the infohash is of. */
export function encodeTorrent(info: Buffer, { trackers, webSeed }: Sources): Buffer {
  const text = (value: string) => Buffer.from(bencode.encode(value));
  const [first] = trackers;
  // BEP 3: keys in the order of their bytes.
  return Buffer.concat([
    Buffer.from('d'),
    ...(first === undefined ? [] : [text('announce'), text(first)]),
    ...(trackers.length > 1
      ? [text('announce-list'), Buffer.from(bencode.encode(trackers.map((tracker) => [tracker])))]
      : []),
    text('info'),
    info,
    text('url-list'),
    Buffer.from(bencode.encode([webSeed])),
    Buffer.from('e'),
  ]);
}

/** BEP 9, with the web seed as clients spell it (BEP 19). */
export function magnetOf(infoHash: string, name: string, { trackers, webSeed }: Sources): string {
  const fields = [`dn=${encodeURIComponent(name)}`];
  for (const tracker of trackers) fields.push(`tr=${encodeURIComponent(tracker)}`);
  fields.push(`ws=${encodeURIComponent(webSeed)}`);
  return `magnet:?xt=urn:btih:${infoHash}&${fields.join('&')}`;
}
