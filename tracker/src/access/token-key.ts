import { readFileSync } from 'node:fs';

/** HMAC keys shorter than the hash weaken it (RFC 7518 §3.2). */
const LEAST_BYTES = 32;

/**
 * Reads a secret as operators write it: hex or base64 of 32 bytes or more, or a file with one of these.
 *
 * @throws {TypeError} with one sentence, which does not repeat the secret
 */
export function readSecret(flag: string, given: string): Uint8Array {
  const key = decode(given) ?? decode(contentOf(given) ?? '');
  if (key) return key;
  throw new TypeError(`${flag} must be ${LEAST_BYTES} bytes or more in hex or base64, or a file with these`);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function decode(text: string): Uint8Array | undefined {
  const given = text.trim();
  const encoding = /^(?:[0-9a-f]{2})+$/i.test(given) ? 'hex' : 'base64';
  if (encoding === 'base64' && !/^[\w+/-]+={0,2}$/.test(given)) return undefined;
  const bytes = Buffer.from(given, encoding);
  return bytes.length >= LEAST_BYTES ? bytes : undefined;
}
