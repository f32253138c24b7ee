import { decodeManifest, hexOf, type Manifest, type ManifestJwk, signedPart } from '@nearcast/protocol';
import type { Hashing } from './hashing.ts';

/** Whether a manifest may be believed. */
export class ManifestCheck {
  readonly #hashing: Hashing;
  readonly #needsSignature: boolean;
  #keys: readonly ManifestJwk[] = [];

  /** @param needsSignature without it whoever controls a tracker or a peer's browser decides what all others see */
  constructor(hashing: Hashing, needsSignature: boolean) {
    this.#hashing = hashing;
    this.#needsSignature = needsSignature;
  }

  trust(keys: readonly ManifestJwk[]): void {
    this.#keys = keys;
  }

  /** Whether any manifest could be believed at all. */
  get canTrust(): boolean {
    return !this.#needsSignature || this.#keys.length > 0;
  }

  /** @param done told of the manifest when it is about this segment and signed with a trusted key, of nothing otherwise */
  check(key: string, encoded: Uint8Array, done: (manifest: Manifest | undefined) => void): void {
    const manifest = decodeManifest(encoded);
    if (!manifest || hexOf(manifest.key) !== key) {
      done(undefined);
      return;
    }
    if (!this.#needsSignature) {
      done(manifest);
      return;
    }
    this.#hashing.verify(this.#keys, manifest.signature, signedPart(encoded), (isTrue) =>
      done(isTrue ? manifest : undefined),
    );
  }
}
