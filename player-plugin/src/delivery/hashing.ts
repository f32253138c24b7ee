import type { ManifestJwk } from '@nearcast/protocol';

/** WebCrypto, or what stands for it in the simulator. Callbacks instead of promises: no virtual clock can turn those. */
export interface Hashing {
  sha256(bytes: Uint8Array, done: (hash: Uint8Array) => void): void;
  /** Whether one of the keys made this ECDSA P-256 signature over these bytes. */
  verify(
    keys: readonly ManifestJwk[],
    signature: Uint8Array,
    signed: Uint8Array,
    done: (isTrue: boolean) => void,
  ): void;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
