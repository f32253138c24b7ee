import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { describe, expect, test } from 'vitest';
import { bodyOf, edgeFor } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';
import { exposedKeyFiles, loadSigningKeys } from './signing-keys.ts';

describe('a signing key', () => {
  test('is made on the first run, readable to its owner alone, and found again on the next', async () => {
    const file = join(newFolder(), 'key.pem');
    const first = await loadSigningKeys([file]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await exposedKeyFiles([file])).toEqual([]);
    expect((await loadSigningKeys([file])).published).toEqual(first.published);
  });

  test('is one for all who start at once, and nothing else is left behind', async () => {
    const path = newFolder();
    const all = await Promise.all(Array.from({ length: 8 }, () => loadSigningKeys([join(path, 'key.pem')])));
    expect(new Set(all.map(({ published }) => published[0]?.kid)).size).toBe(1);
    expect(readdirSync(path)).toEqual(['key.pem']);
  });

  test('[M2] [M3] signs as r‖s, and is named by its RFC 7638 thumbprint', async () => {
    const { keyId, published, sign } = await loadSigningKeys([]);
    const [{ kty, crv, x, y, kid } = { kid: '' }] = published;
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest();
    expect([kid, Buffer.from(keyId).toString('hex')]).toEqual([
      thumbprint.toString('base64url'),
      thumbprint.subarray(0, 8).toString('hex'),
    ]);
    const signature = sign(Buffer.from('x'));
    expect(signature.byteLength).toBe(64);
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: String(x), y: String(y) }, format: 'jwk' });
    expect(verify('sha256', Buffer.from('x'), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test('that is the first signs; the others are published for what they signed before', async () => {
    const path = newFolder();
    const old = await loadSigningKeys([join(path, 'old.pem')]);
    const both = await loadSigningKeys([join(path, 'new.pem'), join(path, 'old.pem')]);
    expect(both.published).toHaveLength(2);
    expect(both.published[1]).toEqual(old.published[0]);
    expect(both.keyId).not.toEqual(old.keyId);
  });

  test('that others on the machine can read is told of', async () => {
    const file = join(newFolder(), 'key.pem');
    await loadSigningKeys([file]);
    const exposed = join(newFolder(), 'key.pem');
    writeFileSync(exposed, readFileSync(file), { mode: 0o644 });
    expect(await exposedKeyFiles([file, exposed])).toEqual([exposed]);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  test.each([
    ['empty', ''],
    ['text', 'secret'],
    ['an RSA key', rsa],
    ['a key of another curve', p384],
  ])('that is none stops the start, and is left as it was: %s', async (_, content) => {
    const file = join(newFolder(), 'key.pem');
    writeFileSync(file, content);
    await expect(loadSigningKeys([file])).rejects.toThrow(/is not a P-256 private key/);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test('in a folder that is not there is one sentence', async () => {
    await expect(loadSigningKeys(['/no/such/folder/key.pem'])).rejects.toThrow(/--signing-key \/no\/such\/folder/);
  });
});

test('a disk cache keeps the key beside it, and edges with one key make the same manifests', async () => {
  const origin = await originWith(fileOf(bytesOf(40_000)));
  const cacheDir = newFolder();
  const signed = async (config: Parameters<typeof edgeFor>[1]) => {
    const edge = await edgeFor(origin.url, config);
    const [manifest, keys] = [
      await bodyOf(edge, '/s.ts.nearcast'),
      await bodyOf(edge, '/.well-known/nearcast/keys.json'),
    ];
    await edge.close();
    // The signature is another each time (ECDSA), what it covers is not.
    return [manifest.subarray(0, -64).toString('hex'), keys.toString()];
  };
  const first = await signed({ cacheDir });
  expect(await signed({ cacheDir })).toEqual(first);
  expect(await signed({ signingKey: [join(cacheDir, 'signing-key.pem')] })).toEqual(first);
});
