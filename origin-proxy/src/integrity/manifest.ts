import { createHash } from 'node:crypto';
import {
  type ByteRange,
  chunkSizeFor,
  encodeManifest,
  encodeUnsigned,
  SEGMENT_KEY_BYTES,
  segmentIdentity,
} from '@nearcast/protocol';
import type { SigningKeys } from './signing-keys.ts';

/** What is vouched for: a segment's name, its size and the hashes of its chunks. */
export interface Vouched {
  readonly path: string;
  readonly range?: ByteRange | undefined;
  readonly size: number;
  readonly hashes: Uint8Array;
}

/** [I1] */
export function segmentKey(path: string, range?: ByteRange): Buffer {
  return createHash('sha256').update(segmentIdentity(path, range)).digest().subarray(0, SEGMENT_KEY_BYTES);
}

/** The signed manifest, as it goes over the wire. */
export function signManifest({ path, range, size, hashes }: Vouched, keys: SigningKeys): Buffer {
  const unsigned = { keyId: keys.keyId, key: segmentKey(path, range), size, chunkSize: chunkSizeFor(size), hashes };
  return Buffer.from(encodeManifest({ ...unsigned, signature: keys.sign(encodeUnsigned(unsigned)) }));
}
