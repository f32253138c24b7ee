import { createHmac } from 'node:crypto';
import { CAT } from '@eyevinn/cat';
import { Encoder, Tag } from 'cbor-x';
import { describe, expect, test } from 'vitest';
import { bodyOf, edgeFor, get, metricOf } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';
import type { Access, AccessRequest } from './access.ts';
import { CommonAccessTokens } from './common-access-token.ts';
import { SignedUrls } from './signed-url.ts';

const NOW_S = 1_800_000_000;
const clock = { now: () => NOW_S * 1000 };
const KEY = 'aa'.repeat(32);
const OLD_KEY = 'bb'.repeat(16);

/** As Akamai's EdgeAuth generators make it. */
function edgeAuth(fields: string, { key = KEY, path }: { key?: string; path?: string } = {}): string {
  const signed = path === undefined ? fields : `${fields}~url=${path}`;
  return `${fields}~hmac=${createHmac('sha256', Buffer.from(key, 'hex')).update(signed).digest('hex')}`;
}

function request(path: string, token: string | undefined, more: Partial<AccessRequest> = {}): AccessRequest {
  const query = token === undefined ? [] : ['x=1', `hdnts=${token}`];
  return { path, query, method: 'GET', headers: {}, address: '192.0.2.1', ...more };
}

const verdict = (access: Access) => (access.is === 'granted' ? 200 : `${access.status} ${access.why}`);

describe('signed URLs', () => {
  const urls = new SignedUrls([KEY, OLD_KEY], 'hdnts', clock);
  const exp = `exp=${NOW_S + 60}`;
  const acl = `${exp}~acl=/live/*`;
  test.each<[string, string | undefined, 200 | RegExp]>([
    ['of a path pattern', edgeAuth(acl), 200],
    ['of several patterns', edgeAuth(`${exp}~acl=/vod/*!/live/?eg*.ts`), 200],
    ['with an escaped pattern', edgeAuth(`${exp}~acl=%2flive%2f*`), 200],
    ['of the very path', edgeAuth(exp, { path: '/live/seg1.ts' }), 200],
    ['by an older key', edgeAuth(acl, { key: OLD_KEY }), 200],
    ['for this address', edgeAuth(`ip=192.0.2.1~${acl}`), 200],
    ['that is missing', undefined, /^401 a token is needed/],
    ['of another path', edgeAuth(`${exp}~acl=/vod/*`), /^403 the token is for other paths/],
    ['of another very path', edgeAuth(exp, { path: '/live/seg2.ts' }), /^403 the token is not ours/],
    ['by a stranger', edgeAuth(acl, { key: 'cc'.repeat(32) }), /^403 the token is not ours/],
    ['that was altered', edgeAuth(acl).replace('/live/*', '/*'), /^403 the token is not ours/],
    ['that has expired', edgeAuth(`exp=${NOW_S}~acl=/live/*`), /^403 the token has expired/],
    ['that never expires', edgeAuth('acl=/live/*'), /^403 the token has expired/],
    ['that expires some day', edgeAuth('exp=never~acl=/live/*'), /^403 the token has expired/],
    ['that is not valid yet', edgeAuth(`st=${NOW_S + 1}~${acl}`), /^403 the token is not valid yet/],
    ['for another address', edgeAuth(`ip=192.0.2.9~${acl}`), /^403 the token is another address/],
    ['that is none', 'hello', /^403 the token is malformed/],
    ['that is too long', edgeAuth(`${acl}~x=${'x'.repeat(10_000)}`), /^401/],
  ])('a token %s', (_, token, expected) => {
    const said = verdict(urls.check(request('/live/seg1.ts', token)));
    if (expected === 200) expect(said).toBe(200);
    else expect(said).toMatch(expected);
  });

  test('may come in a cookie; only one in the query is carried on', () => {
    const token = edgeAuth(acl);
    expect(urls.check(request('/live/a.ts', undefined, { headers: { cookie: `a=b; hdnts=${token}` } }))).toEqual({
      is: 'granted',
    });
    expect(urls.check(request('/live/a.ts', token))).toEqual({ is: 'granted', carry: `hdnts=${token}` });
  });

  test('patterns with many stars take no time', () => {
    const token = edgeAuth(`${exp}~acl=/${'a*'.repeat(500)}b`);
    expect(verdict(urls.check(request(`/${'a'.repeat(5000)}`, token)))).toMatch(/other paths/);
  });

  test.each(['', 'xyz', 'aa', `${'aa'.repeat(16)}a`])('the key %j stops the start', (key) => {
    expect(() => new SignedUrls([key], 'hdnts', clock)).toThrow(/at least 32 hexadecimal digits/);
  });
});

describe('Common Access Tokens (CTA-5007)', () => {
  const generator = new CAT({
    // Without it, that library writes the claims in hexadecimal text, which is no CWT.
    expectCwtTag: true,
    keys: { k1: Buffer.from(KEY, 'hex'), evil: Buffer.from('cc'.repeat(32), 'hex') },
  });
  const tokens = new CommonAccessTokens({ keys: [`k1:${KEY}`], issuer: 'site' }, clock);
  const base = { iss: 'site', exp: NOW_S + 60 };

  /** By another implementation than ours. */
  async function made(claims: object, { kid = 'k1' } = {}): Promise<string> {
    const text = await generator.generateFromJson(claims as never, { type: 'mac', alg: 'HS256', kid });
    return String(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  /** By hand, for claims that the other does not write. */
  function minted(claims: [unknown, unknown][]): string {
    const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });
    const bytes = (value: unknown) => new Uint8Array(encoder.encode(value));
    const headers = bytes(
      new Map<number, unknown>([
        [1, 5],
        [4, Buffer.from('k1')],
      ]),
    );
    const payload = bytes(new Map(claims));
    const mac = createHmac('sha256', Buffer.from(KEY, 'hex'))
      .update(encoder.encode(['MAC0', headers, new Uint8Array(), payload]))
      .digest();
    const message = new Tag([headers, new Map(), payload, new Uint8Array(mac)], 17);
    return Buffer.from(encoder.encode(new Tag(message, 61))).toString('base64url');
  }

  const said = (token: string | undefined, more: Partial<AccessRequest> = {}) =>
    verdict(
      tokens.check(
        request('/live/seg1.ts', undefined, { query: token === undefined ? [] : [`cat=${token}`], ...more }),
      ),
    );

  test.each<[string, object, 200 | RegExp]>([
    ['that is valid', base, 200],
    ['with a start', { ...base, nbf: NOW_S - 1, iat: NOW_S, sub: 'someone' }, 200],
    ['of paths that begin so', { ...base, catu: { path: { 'prefix-match': '/live/' } } }, 200],
    ['of paths that end so', { ...base, catu: { extension: { 'exact-match': '.ts' } } }, 200],
    ['that has expired', { ...base, exp: NOW_S }, /has expired/],
    ['that is not valid yet', { ...base, nbf: NOW_S + 1 }, /not valid yet/],
    ['that never expires', { iss: 'site' }, /never expires/],
    ['of another issuer', { ...base, iss: 'other' }, /another issuer/],
    ['of other paths', { ...base, catu: { path: { 'prefix-match': '/vod/' } } }, /other URLs/],
    [
      'of paths by an expression, which is not supported',
      { ...base, catu: { path: { 'regex-match': '.*' } } },
      /other URLs/,
    ],
    ['of POST alone', { ...base, catm: ['POST'] }, /other methods/],
    ['of GET', { ...base, catm: ['GET', 'HEAD'] }, 200],
    ['for one use', { ...base, catreplay: 1 }, /once only/],
    ['for an audience, which nobody here knows', { ...base, aud: 'x' }, /cannot check \(claim 3\)/],
  ])('a token %s', async (_, claims, expected) => {
    const outcome = said(await made(claims));
    if (expected === 200) expect(outcome).toBe(200);
    else expect(outcome).toMatch(expected);
  });

  test('one of an unknown or a wrong key, altered, or none at all', async () => {
    expect(said(await made(base, { kid: 'evil' }))).toMatch(/^403 the token is not ours/);
    const token = await made(base);
    expect(said(`${token.slice(0, -2)}AA`)).toMatch(/^403 the token is not ours/);
    expect(said('AAAA')).toMatch(/^403 the token is not ours/);
    expect(said(undefined)).toMatch(/^401/);
  });

  test('by hand: tags, networks, and a claim of the future', () => {
    const valid: [unknown, unknown][] = [
      [1, 'site'],
      [4, NOW_S + 60],
    ];
    expect(said(minted(valid))).toBe(200);
    const network = new Tag([24, Buffer.from([192, 0, 2])], 52);
    expect(said(minted([...valid, [311, [network]]]))).toBe(200);
    expect(said(minted([...valid, [311, [network]]]), { address: '198.51.100.1' })).toMatch(/other networks/);
    expect(
      said(minted([...valid, [311, [new Tag([32, Buffer.from('20010db8', 'hex')], 54)]]]), { address: '2001:db8::7' }),
    ).toBe(200);
    expect(said(minted([...valid, [999, true]]))).toMatch(/cannot check \(claim 999\)/);
  });

  test('in a header or a cookie', async () => {
    const token = await made(base);
    expect(said(undefined, { headers: { 'cta-common-access-token': token } })).toBe(200);
    expect(said(undefined, { headers: { cookie: `CTA-Common-Access-Token=${token}` } })).toBe(200);
  });
});

test('through the edge: a token opens the playlist, and the playlist hands it on; manifests are guarded as segments are', async () => {
  const origin = await originWith((given, response) =>
    given.url?.endsWith('.m3u8')
      ? void response.end('#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nseg1.ts\n#EXT-X-ENDLIST\n')
      : fileOf(bytesOf(1000))(given, response),
  );
  const edge = await edgeFor(origin.url, { tokenKey: [KEY] }, clock);
  const token = edgeAuth(`exp=${NOW_S + 60}~acl=/live/*`);
  for (const path of ['/live/index.m3u8', '/live/seg1.ts', '/live/seg1.ts.nearcast']) {
    expect((await get(edge, path)).status).toBe(401);
    expect((await get(edge, `/vod${path}?hdnts=${token}`)).status).toBe(403);
  }
  expect(origin.asked).toEqual([]);
  const playlist = (await bodyOf(edge, `/live/index.m3u8?hdnts=${token}`)).toString();
  const segment = playlist.split('\n').find((line) => line.startsWith('seg1.ts')) ?? '';
  expect(segment).toBe(`seg1.ts?hdnts=${token}`);
  expect((await bodyOf(edge, `/live/${segment}`)).equals(bytesOf(1000))).toBe(true);
  expect((await get(edge, `/live/${segment.replace('?', '.nearcast?')}`)).status).toBe(200);
  // One object for all tokens, and the origin never sees one.
  expect(origin.asked).toEqual(['/live/index.m3u8', '/live/seg1.ts']);
  expect(await metricOf(edge, 'nearcast_edge_refusals_total{because="token"}')).toBe(6);
});
