import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vector from '../test-vectors/manifest.json' with { type: 'json' };
import { bytesOfHex, hexOf } from './identity.ts';
import {
  chunkCount,
  chunkHash,
  chunkRange,
  chunkSizeFor,
  decodeManifest,
  encodeManifest,
  encodeUnsigned,
  MAX_CHUNKS,
  MAX_SEGMENT_BYTES,
  type Manifest,
  signedPart,
} from './manifest.ts';

const KIB = 1024;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function manifestOf(body: Uint8Array): Manifest {
  const chunkSize = chunkSizeFor(body.length);
  const unsigned = { keyId: new Uint8Array(8).fill(1), key: new Uint8Array(16).fill(2), size: body.length, chunkSize };
  const hashes = Buffer.concat(
    Array.from({ length: chunkCount(unsigned) }, (_, chunk) => {
      const { start, end } = chunkRange(unsigned, chunk);
      return createHash('sha256').update(body.subarray(start, end)).digest();
    }),
  );
  const signature = sign('sha256', encodeUnsigned({ ...unsigned, hashes }), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return { ...unsigned, hashes, signature };
}

test.each([
  [1, 16 * KIB],
  [512 * KIB, 16 * KIB],
  [512 * KIB + 1, 32 * KIB],
  [4096 * KIB, 32 * KIB],
  [4096 * KIB + 1, 64 * KIB],
  [8192 * KIB + 1, 128 * KIB],
  [MAX_SEGMENT_BYTES, 4096 * KIB],
])('[M6] a segment of %i bytes has chunks of %i', (size, chunkSize) => {
  expect(chunkSizeFor(size)).toBe(chunkSize);
  expect(chunkCount({ size, chunkSize })).toBeLessThanOrEqual(MAX_CHUNKS);
});

describe('a manifest', () => {
  const manifest = manifestOf(new Uint8Array(100_001).fill(7));
  const bytes = encodeManifest(manifest);

  test('survives encoding, and its signature covers all but itself', () => {
    const decoded = decodeManifest(bytes);
    expect(decoded && { ...decoded, hashes: hexOf(decoded.hashes) }).toMatchObject({
      size: 100_001,
      chunkSize: 16 * KIB,
      hashes: hexOf(manifest.hashes),
    });
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', signedPart(bytes), key, manifest.signature)).toBe(true);
    expect(chunkHash(manifest, 3)).toHaveLength(32);
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['one byte less', (good) => good.subarray(1)],
    ['one byte more', (good) => Uint8Array.of(...good, 0)],
    ['another magic', (good) => good.with(0, 0)],
    ['another size', (good) => good.with(4 + 8 + 16 + 2, 9)],
    ['no size', (good) => new Uint8Array(good).fill(0, 28, 34)],
    ['another chunk size', (good) => good.with(4 + 8 + 16 + 6 + 2, 0)],
    ['one hash less', (good) => Uint8Array.of(...good.subarray(0, 38), ...good.subarray(38 + 32))],
  ])('with %s is none', (_, change) => {
    expect(decodeManifest(change(bytes))).toBeUndefined();
  });

  test('that was changed in any byte is none, or its signature is wrong', () => {
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const indexes = fc.integer({ min: 0, max: bytes.length - 1 });
    fc.assert(
      fc.property(indexes, fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const changed = bytes.with(index, (bytes[index] ?? 0) ^ flip);
        const decoded = decodeManifest(changed);
        return !decoded || !verify('sha256', signedPart(changed), key, decoded.signature);
      }),
    );
  });

  test('no input throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (input) => void decodeManifest(input)));
  });
});

test('golden vector: the manifest and its key', () => {
  const decoded = decodeManifest(bytesOfHex(vector.manifest)) as Manifest;
  expect(hexOf(decoded.key)).toBe(vector.key);
  const key = createPublicKey({ key: vector.jwk, format: 'jwk' });
  const input = signedPart(bytesOfHex(vector.manifest));
  expect(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, decoded.signature)).toBe(true);
  const thumbprint = createHash('sha256')
    .update(JSON.stringify({ crv: vector.jwk.crv, kty: vector.jwk.kty, x: vector.jwk.x, y: vector.jwk.y }))
    .digest();
  expect(hexOf(decoded.keyId)).toBe(thumbprint.subarray(0, 8).toString('hex'));
  const hash = createHash('sha256').update(Buffer.from(vector.body)).digest('hex');
  expect(hexOf(chunkHash(decoded, 0))).toBe(hash);
});
