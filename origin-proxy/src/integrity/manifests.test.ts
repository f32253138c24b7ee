import { createHash, webcrypto } from 'node:crypto';
import type { RequestListener } from 'node:http';
import {
  chunkCount,
  chunkHash,
  chunkRange,
  chunkSizeFor,
  decodeManifest,
  MANIFEST_CONTENT_TYPE,
  type Manifest,
  signedPart,
} from '@nearcast/protocol';
import { describe, expect, test, vi } from 'vitest';
import { SLICE_BYTES } from '../cache/slices.ts';
import type { Edge } from '../server.ts';
import { bodyOf, cacheOf, edgeFor, get, metricOf, purge, stoppedClock, urlOf } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith, rangedFileOf } from '../testing/scripted-origin.ts';
import { segmentKey } from './manifest.ts';

const KIB = 1024;

/** A manifest as a viewer takes it: decoded, and its signature verified with the published key that it names. */
async function verifiedManifest(edge: Edge, path: string): Promise<Manifest> {
  const response = await get(edge, path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, MANIFEST_CONTENT_TYPE]);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const manifest = decodeManifest(bytes);
  if (!manifest) throw new Error('not a manifest');
  expect(await isSigned(edge, manifest, bytes)).toBe(true);
  return manifest;
}

async function isSigned(edge: Edge, manifest: Manifest, bytes: Uint8Array): Promise<boolean> {
  const { keys } = (await (await get(edge, '/.well-known/nearcast/keys.json')).json()) as {
    keys: (webcrypto.JsonWebKey & { kid: string })[];
  };
  const jwk = keys.find(({ kid }) => Buffer.from(kid, 'base64url').subarray(0, 8).equals(manifest.keyId));
  if (!jwk) return false;
  const key = await webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const how = { name: 'ECDSA', hash: 'SHA-256' };
  return await webcrypto.subtle.verify(
    how,
    key,
    Uint8Array.from(manifest.signature),
    Uint8Array.from(signedPart(bytes)),
  );
}

function expectToVouchFor(manifest: Manifest, body: Uint8Array): void {
  expect([manifest.size, manifest.chunkSize]).toEqual([body.byteLength, chunkSizeFor(body.byteLength)]);
  for (let chunk = 0; chunk < chunkCount(manifest); chunk++) {
    const { start, end } = chunkRange(manifest, chunk);
    const expected = createHash('sha256').update(body.subarray(start, end)).digest();
    expect(expected.equals(chunkHash(manifest, chunk))).toBe(true);
  }
}

describe('the manifest of a segment', () => {
  test.each([1, 16 * KIB, 16 * KIB + 1, 100_000, 512 * KIB, 512 * KIB + 1, 3_000_000])(
    '[M6] of %i bytes vouches for every chunk, under the segment’s key',
    async (size) => {
      const body = bytesOf(size);
      const edge = await edgeFor((await originWith(fileOf(body))).url);
      const manifest = await verifiedManifest(edge, '/live/seg%41.ts.nearcast?token=1');
      expectToVouchFor(manifest, body);
      // [I2], [I3]
      expect(Buffer.from(manifest.key).equals(segmentKey('/live/segA.ts'))).toBe(true);
    },
  );

  test('is the same whether the segment announced its length or not', async () => {
    const body = bytesOf(200_000);
    const origin = await originWith((_request, response) => {
      response.write(body.subarray(0, 70_001));
      response.end(body.subarray(70_001));
    });
    expectToVouchFor(await verifiedManifest(await edgeFor(origin.url), '/s.m4s.nearcast'), body);
  });

  test('comes with the segment: one fetch, and made once', async () => {
    const origin = await originWith(fileOf(bytesOf(100_000)));
    const edge = await edgeFor(origin.url);
    await Promise.all([bodyOf(edge, '/s.ts'), ...Array.from({ length: 20 }, () => bodyOf(edge, '/s.ts.nearcast'))]);
    expect(origin.asked).toEqual(['/s.ts']);
    expect(await metricOf(edge, 'nearcast_edge_manifests_total')).toBe(1);
    const again = await get(edge, '/s.ts.nearcast');
    expect([again.headers.get('x-cache'), again.headers.get('cache-control')]).toEqual([
      'HIT',
      'public, max-age=31536000, immutable',
    ]);
    const etag = again.headers.get('etag') ?? '';
    expect((await get(edge, '/s.ts.nearcast', { 'if-none-match': etag })).status).toBe(304);
    expect(await metricOf(edge, 'nearcast_edge_sent_bytes_total{kind="manifest"}')).toBeGreaterThan(20 * 200);
  });

  test('[I4] of a byte range vouches for the range alone', async () => {
    const body = bytesOf(300_000);
    const edge = await edgeFor((await originWith(fileOf(body))).url);
    const manifest = await verifiedManifest(edge, '/film.mp4.nearcast-70001-190000');
    expectToVouchFor(manifest, body.subarray(70_001, 190_001));
    expect(Buffer.from(manifest.key).equals(segmentKey('/film.mp4', { start: 70_001, end: 190_001 }))).toBe(true);
  });

  test('[I4] of a range that crosses slices of a large file', async () => {
    const body = bytesOf(2 * SLICE_BYTES + 1000);
    const origin = await originWith(
      rangedFileOf(
        () => body,
        () => '"v1"',
      ),
    );
    const edge = await edgeFor(origin.url, { sliceAbove: SLICE_BYTES });
    const [first, last] = [SLICE_BYTES - 50_000, SLICE_BYTES + 49_999];
    const manifest = await verifiedManifest(edge, `/film.mp4.nearcast-${first}-${last}`);
    expectToVouchFor(manifest, body.subarray(first, last + 1));
    expectToVouchFor(await verifiedManifest(edge, '/film.mp4.nearcast'), body);
  });
});

describe('there is no manifest', () => {
  const body = bytesOf(50_000);
  const cases: [string, RequestListener, string, number][] = [
    ['of what is missing', (_, response) => void response.writeHead(404).end('none'), '/s.ts.nearcast', 404],
    ['of an origin’s failure', (_, response) => void response.writeHead(500).end('oops'), '/s.ts.nearcast', 500],
    [
      'of a playlist',
      (_, response) => void response.end('#EXTM3U\n#EXT-X-TARGETDURATION:4\n'),
      '/a.m3u8.nearcast',
      404,
    ],
    ['of the key of encrypted segments', fileOf(Buffer.alloc(16, 7)), '/s.key.nearcast', 404],
    ['of an empty object', fileOf(Buffer.alloc(0)), '/s.ts.nearcast', 404],
    ['of what may not be shared', fileOf(body, { 'cache-control': 'private' }), '/s.ts.nearcast', 404],
    ['of what is encoded', fileOf(body, { 'content-encoding': 'br' }), '/s.ts.nearcast', 404],
    ['of bytes beyond the end', fileOf(body), '/s.ts.nearcast-40000-50000', 416],
    ['of a range that is none', fileOf(body), '/s.ts.nearcast-9-1', 400],
    [
      'of a body whose end is not marked',
      (_, response) => {
        response.shouldKeepAlive = false;
        response.removeHeader('transfer-encoding');
        response.useChunkedEncodingByDefault = false;
        response.end(body);
      },
      '/s.ts.nearcast',
      404,
    ],
    [
      'of a body that breaks off',
      (_, response) =>
        void response
          .writeHead(200, { 'content-length': 50_000 })
          .write(body.subarray(0, 100), () => response.destroy()),
      '/s.ts.nearcast',
      502,
    ],
  ];
  test.each(cases)('%s', async (_, listener, path, status) => {
    const edge = await edgeFor((await originWith(listener)).url);
    const response = await get(edge, path);
    expect(response.status).toBe(status);
    expect((await response.text()).trim().split('\n')).toHaveLength(1);
    expect(await metricOf(edge, 'nearcast_edge_manifests_total')).toBe(0);
  });

  test('of an object that became another under its URL, until a purge says that this is meant', async () => {
    const clock = stoppedClock();
    const origin = await originWith(fileOf(body, { 'cache-control': 'max-age=5', etag: '"1"' }));
    const edge = await edgeFor(origin.url, {}, clock);
    expectToVouchFor(await verifiedManifest(edge, '/s.ts.nearcast'), body);
    const other = bytesOf(50_000, 9);
    origin.answerWith(fileOf(other, { 'cache-control': 'max-age=5', etag: '"2"' }));
    clock.pass(6);
    const refused = await get(edge, '/s.ts.nearcast');
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('purge it')]);
    expect((await bodyOf(edge, '/s.ts')).equals(other)).toBe(true);
    expect(await metricOf(edge, 'nearcast_edge_manifest_refusals_total{because="changed"}')).toBe(1);
    await purge(edge, '/s.ts');
    expectToVouchFor(await verifiedManifest(edge, '/s.ts.nearcast'), other);
  });
});

test('new segments of a live playlist are fetched and signed before anyone asks', async () => {
  const origin = await originWith((request, response) => {
    if (request.url?.endsWith('.m3u8')) {
      const playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n';
      return void response.end(playlist);
    }
    return fileOf(bytesOf(10_000))(request, response);
  });
  const edge = await edgeFor(origin.url);
  await bodyOf(edge, '/live/index.m3u8');
  await vi.waitFor(async () => expect(await metricOf(edge, 'nearcast_edge_manifests_total')).toBe(2), 10_000);
  expect(await cacheOf(edge, '/live/a.ts')).toBe('HIT');
  expect(await cacheOf(edge, '/live/b.ts.nearcast')).toBe('HIT');
  expect([...origin.asked].sort()).toEqual(['/live/a.ts', '/live/b.ts', '/live/index.m3u8']);
});

test('the key set is public, and may be kept for some minutes', async () => {
  const edge = await edgeFor('http://127.0.0.1:1', { tokenKey: ['00'.repeat(16)] });
  const response = await fetch(urlOf(edge, '/.well-known/nearcast/keys.json'));
  expect([response.status, response.headers.get('cache-control'), response.headers.get('content-type')]).toEqual([
    200,
    'public, max-age=300',
    'application/jwk-set+json',
  ]);
  expect(await response.json()).toEqual({
    keys: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.any(String),
        alg: 'ES256',
        use: 'sig',
        key_ops: ['verify'],
      },
    ],
  });
});
