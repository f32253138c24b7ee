import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { ManifestJwk } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { webHashing } from './web-hashing.ts';

const hashing = webHashing(crypto.subtle);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
const jwk: ManifestJwk = { kty: 'EC', crv: 'P-256', x, y };
const signed = new TextEncoder().encode('what an edge vouches for');
const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
const verify = (keys: readonly ManifestJwk[], bytes: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => hashing.verify(keys, signature, bytes, resolve));

test('hashes as everybody does', async () => {
  const hash = await new Promise<Uint8Array>((resolve) => hashing.sha256(signed, resolve));
  expect(Buffer.from(hash)).toEqual(createHash('sha256').update(signed).digest());
});

test('one of the trusted keys is enough, and a key that is no point of the curve is none', async () => {
  const broken: ManifestJwk = { ...jwk, x: 'A'.repeat(43) };
  expect(await verify([broken, jwk], signed)).toBe(true);
  expect(await verify([broken], signed)).toBe(false);
  expect(await verify([], signed)).toBe(false);
});

test('other bytes are not signed', async () => {
  expect(await verify([jwk], signed.slice(1))).toBe(false);
});
