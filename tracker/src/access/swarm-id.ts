import { createHmac, timingSafeEqual } from 'node:crypto';

/** 16 bytes: nobody guesses 128 bits, and the id stays short. */
const SEAL_BYTES = 16;

/**
 * A swarm id that nobody can make up who does not know the key: the content's name, `~`, and HMAC-SHA-256 of the name, of
 * which the first 16 bytes count, in base64url. For the site's backend; the player gets it as `swarm`.
 *
 * @param name the site's own name for the content, such as a path
 * @param key at least 32 bytes, the same as the tracker's `--swarm-key`
 */
export function sealedSwarmId(name: string, key: Uint8Array): string {
  return `${name}~${sealOf(name, key).toString('base64url')}`;
}

/** Whether a swarm id was made with one of the keys. */
export function isSealed(swarm: string, keys: readonly Uint8Array[]): boolean {
  const at = swarm.lastIndexOf('~');
  if (at <= 0) return false;
  const given = Buffer.from(swarm.slice(at + 1), 'base64url');
  // Other spellings of the same bytes would be other swarms.
  if (given.length !== SEAL_BYTES || given.toString('base64url') !== swarm.slice(at + 1)) return false;
  return keys.some((key) => timingSafeEqual(given, sealOf(swarm.slice(0, at), key)));
}

function sealOf(name: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(name, 'utf8').digest().subarray(0, SEAL_BYTES);
}
