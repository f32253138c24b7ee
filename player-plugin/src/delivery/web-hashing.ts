import type { ManifestJwk } from '@nearcast/protocol';
import type { Hashing } from './hashing.ts';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** WebCrypto, which exists only on secure pages. */
export function webHashing(subtle: SubtleCrypto): Hashing {
  const imported = new WeakMap<ManifestJwk, Promise<CryptoKey>>();
  const keyOf = (jwk: ManifestJwk): Promise<CryptoKey> => {
    const key = imported.get(jwk) ?? subtle.importKey('jwk', { ...jwk }, ECDSA, false, ['verify']);
    imported.set(jwk, key);
    return key;
  };
  const isFrom = async (jwk: ManifestJwk, signature: BufferSource, signed: BufferSource): Promise<boolean> => {
    try {
      return await subtle.verify(ECDSA, await keyOf(jwk), signature, signed);
    } catch {
      return false; // no point on the curve: a key that signs nothing
    }
  };
  return {
    sha256: (bytes, done) =>
      void subtle.digest('SHA-256', bytes as BufferSource).then((hash) => done(new Uint8Array(hash))),
    verify: (keys, signature, signed, done) =>
      void Promise.all(keys.map((jwk) => isFrom(jwk, signature as BufferSource, signed as BufferSource))).then(
        (answers) => done(answers.includes(true)),
      ),
  };
}
