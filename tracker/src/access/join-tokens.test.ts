import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { JoinTokens } from './join-tokens.ts';
import { readSecret } from './token-key.ts';
import { TokenKeySet } from './token-key-set.ts';
import { UsedTokens } from './used-tokens.ts';

const now = 1_800_000_000;
const secret = Buffer.alloc(32, 7);
const swarm = 'https://edge/movie/master.m3u8';
const claims: JWTPayload = { swarm, exp: now + 60 };

const bySecret = (payload: JWTPayload, key: Uint8Array = secret) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(key);

const unused = () =>
  new UsedTokens(
    () => 0,
    () => Promise.resolve(true),
  );

const tokens = (secrets: Uint8Array[] = [secret], epochMs = () => now * 1000) =>
  new JoinTokens({ secrets, keySet: undefined }, unused(), epochMs);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

describe('HS256', () => {
  test('a good token: its terms, and for how long it counts', async () => {
    const token = await bySecret({ ...claims, region: 'eu', upload: 'never', sub: 'alice', jti: 'x' });
    expect(await tokens().checkFor(swarm, token)).toEqual({
      is: 'good',
      terms: {
        swarms: [swarm],
        region: 'eu',
        mayUpload: false,
        expiresAt: now + 60,
        subject: 'alice',
        onceId: undefined,
      },
      expiresInMs: 70_000,
    });
  });

  test.each<[string, JWTPayload, string]>([
    ['expired', { ...claims, exp: now - 11 }, 'expired'],
    ['not yet valid', { ...claims, nbf: now + 11 }, 'not-yet-valid'],
    ['for another swarm', { ...claims, swarm: 'https://edge/other' }, 'other-swarm'],
    ['for a longer name', { ...claims, swarm: `${swarm}x` }, 'other-swarm'],
    ['for a beginning without *', { ...claims, swarm: 'https://edge/movie/' }, 'other-swarm'],
    ['without an end', { swarm }, 'malformed'],
    ['without a swarm', { exp: now + 60 }, 'malformed'],
    ['for a swarm that is a number', { ...claims, swarm: 5 }, 'malformed'],
    ['for no swarm', { ...claims, swarm: [] }, 'malformed'],
    ['of an unknown upload policy', { ...claims, upload: 'sometimes' }, 'malformed'],
    ['with a region that is none', { ...claims, region: { name: 'eu' } }, 'malformed'],
    ['with a subject that is none', { ...claims, sub: 5 as unknown as string }, 'malformed'],
    ['for an unknown use', { ...claims, use: 'twice', jti: 'x' }, 'malformed'],
    ['for one use without an id', { ...claims, use: 'once' }, 'malformed'],
    ['with an end that is none', { ...claims, exp: 'tomorrow' as unknown as number }, 'malformed'],
  ])('a token %s is refused', async (_, payload, because) => {
    expect(await tokens().checkFor(swarm, await bySecret(payload))).toMatchObject({ is: 'refused', because });
  });

  test.each<[string, JWTPayload]>([
    ['a list', { ...claims, swarm: ['https://edge/other', swarm] }],
    ['a beginning', { ...claims, swarm: 'https://edge/movie/*' }],
    ['all swarms', { ...claims, swarm: '*' }],
    ['a clock that is a little off', { ...claims, exp: now - 9, nbf: now + 9 }],
  ])('%s is good', async (_, payload) => {
    expect(await tokens().checkFor(swarm, await bySecret(payload))).toMatchObject({ is: 'good' });
  });

  test('none, nonsense and a wrong key', async () => {
    const because = async (token: string | undefined) => await tokens().checkFor(swarm, token);
    expect(await because(undefined)).toMatchObject({ because: 'missing' });
    expect(await because(await bySecret(claims, Buffer.alloc(32, 8)))).toMatchObject({ because: 'forged' });
    const [head, body, signature] = (await bySecret(claims)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, swarm: '*' })).toString('base64url');
    expect(await because(`${head}.${forged}.${signature}`)).toMatchObject({ because: 'forged' });
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await because(`${none}.${body}.`)).toMatchObject({ because: 'forged' });
    for (const alg of ['HS384', 'HS512', 'RS256', 'ES384', '__proto__', 5]) {
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
      expect(await because(`${header}.${body}.${signature}`)).toMatchObject({ because: 'forged' });
    }
  });

  test('while one key replaces the other both count', async () => {
    const next = Buffer.alloc(32, 9);
    for (const key of [secret, next]) {
      expect(await tokens([next, secret]).checkFor(swarm, await bySecret(claims, key))).toMatchObject({ is: 'good' });
    }
    expect(await tokens([next]).checkFor(swarm, await bySecret(claims))).toMatchObject({ because: 'forged' });
  });

  test('a clock that jumps judges what comes after by the new time', async () => {
    let seconds = now;
    const jumping = tokens([secret], () => seconds * 1000);
    const token = await bySecret({ ...claims, nbf: now - 5 });
    seconds = now + 3600;
    expect(await jumping.check(token)).toMatchObject({ because: 'expired' });
    seconds = now - 3600;
    expect(await jumping.check(token)).toMatchObject({ because: 'not-yet-valid' });
    seconds = now;
    expect(await jumping.check(token)).toMatchObject({ is: 'good' });
  });

  test('no input throws, and none is good', async () => {
    const shapes = fc.oneof(fc.string(), fc.tuple(fc.json(), fc.json(), fc.string()).map(encoded));
    const refused = fc.asyncProperty(shapes, async (token) => {
      expect((await tokens().check(token)).is).toBe('refused');
    });
    await fc.assert(refused);
  });
});

function encoded([header, payload, signature]: [string, string, string]): string {
  return [header, payload, signature].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

/** A site's key server that can be changed and switched off. */
async function keyServer(keys: JWK[]) {
  const state = { keys, isAway: false, asked: 0 };
  const server: Server = createServer((_request, response) => {
    state.asked += 1;
    if (state.isAway) response.writeHead(503).end();
    else response.end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json` };
}

async function keyPair(alg: 'ES256' | 'EdDSA', kid?: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  const sign = (payload: JWTPayload) =>
    new SignJWT(payload).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(privateKey);
  return { jwk, sign };
}

const byKeySet = (keySet: TokenKeySet, secrets: Uint8Array[] = []) =>
  new JoinTokens({ secrets, keySet }, unused(), () => now * 1000);
const atOnce = { lookAgainAfterMs: 0, maxAgeMs: 300_000 };

describe('ES256 and EdDSA by a JWK set', () => {
  test.each(['ES256', 'EdDSA'] as const)('%s', async (alg) => {
    const pair = await keyPair(alg, 'a');
    const { url } = await keyServer([pair.jwk]);
    const checked = byKeySet(new TokenKeySet(url, vi.fn()));
    expect(await checked.checkFor(swarm, await pair.sign(claims))).toMatchObject({ is: 'good' });
    expect(await checked.checkFor(swarm, await (await keyPair(alg, 'a')).sign(claims))).toMatchObject({
      because: 'forged',
    });
    expect(await checked.checkFor(swarm, await bySecret(claims))).toMatchObject({ because: 'forged' });
  });

  test('a public key is never an HMAC secret', async () => {
    const pair = await keyPair('ES256', 'a');
    const { url } = await keyServer([pair.jwk]);
    const checked = byKeySet(new TokenKeySet(url, vi.fn()), [secret]);
    const head = Buffer.from('{"alg":"HS256","kid":"a"}').toString('base64url');
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    for (const asSecret of [JSON.stringify(pair.jwk), Buffer.from(pair.jwk.x as string, 'base64url')]) {
      const signature = createHmac('sha256', asSecret).update(`${head}.${body}`).digest('base64url');
      expect(await checked.check(`${head}.${body}.${signature}`)).toMatchObject({ because: 'forged' });
    }
  });

  test('a set with a symmetric key gives nobody a way in', async () => {
    const oct = { kty: 'oct', k: secret.toString('base64url') };
    const { url } = await keyServer([oct]);
    expect(await byKeySet(new TokenKeySet(url, vi.fn())).check(await bySecret(claims))).toMatchObject({
      because: 'forged',
    });
  });

  test('several keys without names are tried', async () => {
    const [a, b] = [await keyPair('ES256'), await keyPair('ES256')];
    const { url } = await keyServer([a.jwk, b.jwk]);
    const checked = byKeySet(new TokenKeySet(url, vi.fn()));
    for (const { sign } of [a, b]) expect(await checked.check(await sign(claims))).toMatchObject({ is: 'good' });
    const stranger = await keyPair('ES256');
    expect(await checked.check(await stranger.sign(claims))).toMatchObject({ because: 'forged' });
  });

  test('a key that is exchanged is found by its name; the last set counts while the site is away', async () => {
    const [old, next] = [await keyPair('ES256', 'old'), await keyPair('ES256', 'next')];
    const { url, state } = await keyServer([old.jwk]);
    const failed = vi.fn();
    const checked = byKeySet(new TokenKeySet(url, failed, atOnce));
    expect(await checked.check(await old.sign(claims))).toMatchObject({ is: 'good' });
    state.isAway = true;
    expect(await checked.check(await next.sign(claims))).toMatchObject({ because: 'forged' });
    expect(failed).toHaveBeenCalledWith(`no token keys from ${url}: it answered 503`);
    expect(await checked.check(await old.sign(claims))).toMatchObject({ is: 'good' });
    state.isAway = false;
    state.keys = [next.jwk];
    expect(await checked.check(await next.sign(claims))).toMatchObject({ is: 'good' });
    expect(await checked.check(await old.sign(claims))).toMatchObject({ because: 'forged' });
  });

  test('unknown key names do not make it ask the site each time', async () => {
    const pair = await keyPair('ES256', 'a');
    const { url, state } = await keyServer([pair.jwk]);
    const checked = byKeySet(new TokenKeySet(url, vi.fn()));
    const stranger = await keyPair('ES256', 'b');
    for (let count = 0; count < 5; count++) await checked.check(await stranger.sign(claims));
    expect(state.asked).toBe(1);
  });

  test('before the first set nothing is decided', async () => {
    const pair = await keyPair('ES256', 'a');
    const { url, state } = await keyServer([pair.jwk]);
    state.isAway = true;
    const keySet = new TokenKeySet(url, vi.fn(), atOnce);
    await keySet.start();
    const checked = byKeySet(keySet);
    expect(await checked.check(await pair.sign(claims))).toEqual({ is: 'undecided' });
    state.isAway = false;
    expect(await checked.check(await pair.sign(claims))).toMatchObject({ is: 'good' });
  });

  test('a file, read again when a key is not in it', async () => {
    const folder = newFolder();
    const path = join(folder, 'keys.json');
    await expect(new TokenKeySet(path, vi.fn()).start()).rejects.toThrow(/--token-jwks .*keys\.json: /);
    const [old, next] = [await keyPair('ES256', 'old'), await keyPair('EdDSA', 'next')];
    await writeFile(path, JSON.stringify({ keys: [old.jwk] }));
    const keySet = new TokenKeySet(path, vi.fn(), atOnce);
    await keySet.start();
    const checked = byKeySet(keySet);
    await writeFile(path, JSON.stringify({ keys: [next.jwk] }));
    expect(await checked.check(await next.sign(claims))).toMatchObject({ is: 'good' });
  });
});

describe('a secret', () => {
  test('as hex, base64, base64url or a file of one of these', async () => {
    const folder = newFolder();
    const path = join(folder, 'secret');
    await writeFile(path, `${secret.toString('base64')}\n`);
    for (const given of [secret.toString('hex'), secret.toString('base64'), secret.toString('base64url'), path]) {
      expect(Buffer.from(readSecret('--token-key', given))).toEqual(secret);
    }
  });

  test.each(['', 'short', secret.subarray(0, 31).toString('hex'), '/no/such/file', 'hunter2 hunter2 hunter2 hunter2'])(
    '%j is none',
    (given) => {
      expect(() => readSecret('--token-key', given)).toThrow(/^--token-key must be 32 bytes or more in hex or base64/);
    },
  );
});
