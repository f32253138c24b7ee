import { hash } from 'node:crypto';
import type { CachedObject, Head } from './cached-object.ts';

/**
 * How an object lies in a file: "NCE1" · length of the description (4, big-endian) · SHA-256 of the description (32) ·
 * description (JSON) · body. The description has the hashes of the body's chunks, so that nothing in the file is taken
 * on trust.
 */
const MAGIC = 0x4e434531;
const DESCRIPTION_AT = 4 + 4 + 32;
/** Headers are below 16 KiB, hashes below 6 KiB in base64, a key below 10 KiB: what claims to be longer is no record. */
const MAX_DESCRIPTION_BYTES = 256 * 1024;

type Description =
  | { readonly is: 'whole'; readonly key: string; readonly head: Head; readonly size: number; readonly hashes: string }
  | { readonly is: 'sliced'; readonly key: string; readonly head: Head; readonly size: number }
  | { readonly is: 'variants'; readonly key: string; readonly on: readonly string[] };

/** Enough of a file's beginning to read nearly any description. */
export const DESCRIPTION_READ_BYTES: number = 16 * 1024;

export function encodeRecord(object: CachedObject): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(describe(object)));
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(MAGIC);
  prelude.writeUInt32BE(json.byteLength, 4);
  const parts = [prelude, hash('sha256', json, 'buffer'), json];
  return object.is === 'whole' ? [Buffer.concat(parts), object.body] : [Buffer.concat(parts)];
}

function describe(object: CachedObject): Description {
  if (object.is !== 'whole') return object;
  const { is, key, head, body, hashes } = object;
  return { is, key, head, size: body.byteLength, hashes: hashes.toString('base64') };
}

/**
 * @param beginning of a file
 * @param fileBytes its length: a record of another length is torn
 * @returns the description; how long the beginning has to be when it is too short for it; or nothing when it is none
 */
export function readDescription(
  beginning: Buffer,
  fileBytes: number,
): { description: Description; bodyAt: number } | { needs: number } | undefined {
  if (beginning.byteLength < DESCRIPTION_AT || beginning.readUInt32BE() !== MAGIC) return undefined;
  const length = beginning.readUInt32BE(4);
  const bodyAt = DESCRIPTION_AT + length;
  if (length > MAX_DESCRIPTION_BYTES || bodyAt > fileBytes) return undefined;
  if (beginning.byteLength < bodyAt) return { needs: bodyAt };
  const json = beginning.subarray(DESCRIPTION_AT, bodyAt);
  if (!hash('sha256', json, 'buffer').equals(beginning.subarray(8, DESCRIPTION_AT))) return undefined;
  // Its hash is right: it is what this program wrote.
  const description = JSON.parse(json.toString('utf8')) as Description;
  const bodyBytes = description.is === 'whole' ? description.size : 0;
  return bodyAt + bodyBytes === fileBytes ? { description, bodyAt } : undefined;
}

/** The object in a whole file; the hashes of its body are not checked yet. */
export function decodeRecord(file: Buffer): CachedObject | undefined {
  const read = readDescription(file, file.byteLength);
  if (!read || !('description' in read)) return undefined;
  const { description, bodyAt } = read;
  if (description.is !== 'whole') return description;
  const { is, key, head, hashes } = description;
  return { is, key, head, body: file.subarray(bodyAt), hashes: Buffer.from(hashes, 'base64') };
}
