import type { ManifestJwk } from '@nearcast/protocol';

/** WebCrypto, or what stands for it in the simulator. Callbacks instead of promises: no virtual clock can turn those. */
export interface Hashing {
  /** @param done told of the hash, and of the same bytes where they are held already: then those are kept, and these need not be */
  sha256(bytes: Uint8Array, done: (hash: Uint8Array, held?: Uint8Array) => void): void;
  /** Whether one of the keys made this ECDSA P-256 signature over these bytes. */
  verify(
    keys: readonly ManifestJwk[],
    signature: Uint8Array,
    signed: Uint8Array,
    done: (isTrue: boolean) => void,
  ): void;
}
