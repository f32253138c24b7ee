import { SEGMENT_KEY_BYTES } from './identity.ts';

/**
 * The signed list of a segment's chunk hashes: what lets a viewer check each chunk on its own, whoever it came from.
 * Binary, because viewers pass it on for every segment:
 *
 *     "NCM1" · key id (8) · segment key (16) · size (6) · chunk size (4) · SHA-256 of each chunk (32 each) · signature (64)
 *
 * [M1] Integers are big-endian. [M2] The signature is ECDSA P-256 with SHA-256 over everything before it, as r‖s
 * (IEEE P1363): the one that WebCrypto verifies in every browser. [M3] The key id is the first 8 bytes of the key's
 * RFC 7638 thumbprint.
 */
export interface Manifest {
  /** Which key signed it. */
  readonly keyId: Uint8Array;
  /** Which segment it is about ([I1]). */
  readonly key: Uint8Array;
  /** Bytes of the whole segment. */
  readonly size: number;
  /** Bytes of each chunk; the last may be shorter. */
  readonly chunkSize: number;
  /** SHA-256 of each chunk, one after the other. */
  readonly hashes: Uint8Array;
  readonly signature: Uint8Array;
}

export const MANIFEST_CONTENT_TYPE = 'application/vnd.nearcast.manifest';
export const MANIFEST_KEY_ID_BYTES = 8;
export const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAGIC = 0x4e434d31;
const HASHES_AT: number = 4 + MANIFEST_KEY_ID_BYTES + SEGMENT_KEY_BYTES + 6 + 4;

const KIB = 1024;
export const SMALL_CHUNK_BYTES: number = 16 * KIB;
export const CHUNK_BYTES: number = 32 * KIB;
/** [M4] No manifest has more chunks: it stays below about 4 KiB, and a map of chunks below 16 bytes. */
export const MAX_CHUNKS = 128;
/** [M5] Nothing larger is a segment; files have another way. */
export const MAX_SEGMENT_BYTES: number = 512 * 1024 * KIB;

/**
 * [M6] How large the chunks of a segment are: 16 KiB up to 512 KiB, 32 KiB up to 4 MiB, then twice as much
 * until 128 chunks hold it.
 */
export function chunkSizeFor(segmentBytes: number): number {
  if (segmentBytes <= 32 * SMALL_CHUNK_BYTES) return SMALL_CHUNK_BYTES;
  let size = CHUNK_BYTES;
  while (size * MAX_CHUNKS < segmentBytes) size *= 2;
  return size;
}

export function chunkCount({ size, chunkSize }: Pick<Manifest, 'size' | 'chunkSize'>): number {
  return Math.ceil(size / chunkSize);
}

/** The bytes of one chunk within its segment. */
export function chunkRange(
  { size, chunkSize }: Pick<Manifest, 'size' | 'chunkSize'>,
  chunk: number,
): { readonly start: number; readonly end: number } {
  return { start: chunk * chunkSize, end: Math.min(size, (chunk + 1) * chunkSize) };
}

export function chunkHash({ hashes }: Pick<Manifest, 'hashes'>, chunk: number): Uint8Array {
  return hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
}

/** What is signed: everything but the signature. */
export function encodeUnsigned(manifest: Omit<Manifest, 'signature'>): Uint8Array {
  const { keyId, key, size, chunkSize, hashes } = manifest;
  const bytes = new Uint8Array(HASHES_AT + hashes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  bytes.set(keyId, 4);
  bytes.set(key, 4 + MANIFEST_KEY_ID_BYTES);
  const sizeAt = 4 + MANIFEST_KEY_ID_BYTES + SEGMENT_KEY_BYTES;
  view.setUint16(sizeAt, Math.floor(size / 2 ** 32));
  view.setUint32(sizeAt + 2, size % 2 ** 32);
  view.setUint32(sizeAt + 6, chunkSize);
  bytes.set(hashes, HASHES_AT);
  return bytes;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const unsigned = encodeUnsigned(manifest);
  const bytes = new Uint8Array(unsigned.length + SIGNATURE_BYTES);
  bytes.set(unsigned);
  bytes.set(manifest.signature, unsigned.length);
  return bytes;
}

/**
 * Its fields are views of `bytes`. `undefined` for whatever is no well-formed manifest; whether it is true, only its
 * signature says.
 */
export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  const hashBytes = bytes.length - HASHES_AT - SIGNATURE_BYTES;
  if (hashBytes <= 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyAt = 4 + MANIFEST_KEY_ID_BYTES;
  const sizeAt = keyAt + SEGMENT_KEY_BYTES;
  const size = view.getUint16(sizeAt) * 2 ** 32 + view.getUint32(sizeAt + 2);
  const chunkSize = view.getUint32(sizeAt + 6);
  if (view.getUint32(0) !== MAGIC || size > MAX_SEGMENT_BYTES) return undefined;
  // [M6] fixes the chunk size, so that two edges never cut one segment differently; and with it how many there can be.
  if (chunkSize !== chunkSizeFor(size) || hashBytes !== chunkCount({ size, chunkSize }) * HASH_BYTES) return undefined;
  return {
    keyId: bytes.subarray(4, keyAt),
    key: bytes.subarray(keyAt, sizeAt),
    size,
    chunkSize,
    hashes: bytes.subarray(HASHES_AT, bytes.length - SIGNATURE_BYTES),
    signature: bytes.subarray(bytes.length - SIGNATURE_BYTES),
  };
}

/** The part of an encoded manifest that its signature covers. */
export function signedPart(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
}
