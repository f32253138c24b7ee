import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import bencode from 'bencode';
import { describe, expect, test, vi } from 'vitest';
import type { Edge, EdgeConfig } from '../server.ts';
import { bodyOf, edgeFor, get, metricOf, purge, urlOf } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith, rangedFileOf } from '../testing/scripted-origin.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

const MIB = 1024 ** 2;
const TRACKER = 'wss://tracker.example.com';
const on: Partial<EdgeConfig> = { torrentPrefix: ['/files/'], torrentTracker: [TRACKER] };

interface Torrent {
  readonly announce?: Uint8Array;
  readonly 'announce-list'?: readonly Uint8Array[][];
  readonly 'url-list': readonly Uint8Array[];
  readonly info: {
    readonly length: number;
    readonly name: Uint8Array;
    readonly 'piece length': number;
    readonly pieces: Uint8Array;
    readonly private?: number;
  };
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8');
const decode = (bytes: Buffer) => bencode.decode(bytes) as Torrent;

function piecesOf(file: Buffer, pieceBytes: number): Buffer {
  const count = Math.ceil(file.length / pieceBytes);
  const hashes = Array.from({ length: count }, (_, index) =>
    createHash('sha1')
      .update(file.subarray(index * pieceBytes, (index + 1) * pieceBytes))
      .digest(),
  );
  return Buffer.concat(hashes);
}

/** Whether it describes exactly this file. */
function expectToDescribe({ info }: Torrent, file: Buffer): void {
  expect(info.length).toBe(file.length);
  expect(Buffer.from(info.pieces).equals(piecesOf(file, info['piece length']))).toBe(true);
}

async function adminJson<T>(edge: Edge, path: string): Promise<T> {
  return (await (await fetch(`http://127.0.0.1:${edge.adminPort}${path}`)).json()) as T;
}

async function infohashesOf(edge: Edge): Promise<string[]> {
  return (await adminJson<{ infohashes: string[] }>(edge, '/torrents/infohashes')).infohashes;
}

test('a file under the prefix has a torrent: its pieces, the tracker, the edge as web seed, and a magnet link', async () => {
  const file = bytesOf(3 * MIB + 5);
  const origin = await originWith(fileOf(file));
  const edge = await edgeFor(origin.url, on);
  const response = await get(edge, '/files/a%20film.mp4.torrent');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-bittorrent']);
  const torrent = decode(Buffer.from(await response.arrayBuffer()));
  expectToDescribe(torrent, file);
  expect([text(torrent.announce), text(torrent.info.name), torrent.info.private]).toEqual([
    TRACKER,
    'a film.mp4',
    undefined,
  ]);
  const webSeed = urlOf(edge, '/files/a%20film.mp4');
  expect(torrent['url-list'].map(text)).toEqual([webSeed]);
  const infoHash = createHash('sha1').update(bencode.encode(torrent.info)).digest('hex');
  const magnet = new URL(response.headers.get('x-magnet-uri') ?? '').searchParams;
  expect(Object.fromEntries(magnet)).toEqual({
    xt: `urn:btih:${infoHash}`,
    dn: 'a film.mp4',
    tr: TRACKER,
    ws: webSeed,
  });
  expect(response.headers.get('access-control-expose-headers')).toContain('X-Magnet-Uri');
  expect(await infohashesOf(edge)).toEqual([infoHash]);
  // The file was fetched once, for hashing; the web seed serves it from the cache.
  expect((await bodyOf(edge, '/files/a%20film.mp4', { range: 'bytes=65536-131071' })).length).toBe(65_536);
  expect(origin.asked).toEqual(['/files/a%20film.mp4']);
});

test('a file that is cached in slices has one, too, and is read once however many ask at once', async () => {
  const file = bytesOf(9 * MIB);
  const origin = await originWith(
    rangedFileOf(
      () => file,
      () => '"v1"',
    ),
  );
  const edge = await edgeFor(origin.url, { ...on, sliceAbove: MIB });
  const torrents = await Promise.all(Array.from({ length: 20 }, () => bodyOf(edge, '/files/large.mp4.torrent')));
  for (const torrent of torrents) expectToDescribe(decode(torrent), file);
  expect(await metricOf(edge, 'nearcast_edge_torrents_made_total')).toBe(1);
  expect(await metricOf(edge, 'nearcast_edge_torrent_hashed_bytes_total')).toBe(file.length);
});

test('a changed file has another torrent, and the old infohash is not published any more', async () => {
  let file = bytesOf(MIB, 1);
  let etag = '"v1"';
  const origin = await originWith((request, response) =>
    fileOf(file, { etag, 'cache-control': 'no-cache' })(request, response),
  );
  const edge = await edgeFor(origin.url, on);
  await bodyOf(edge, '/files/a.mp4.torrent');
  const [first] = await infohashesOf(edge);
  file = bytesOf(MIB, 2);
  etag = '"v2"';
  expectToDescribe(decode(await bodyOf(edge, '/files/a.mp4.torrent')), file);
  const second = await infohashesOf(edge);
  expect(second).toHaveLength(1);
  expect(second).not.toContain(first);
});

test.each([
  ['with a validator', { etag: '"v1"' }],
  ['without one', {}],
])('an unchanged file %s is hashed once', async (_name, headers) => {
  const origin = await originWith(fileOf(bytesOf(MIB), headers as Record<string, string>));
  const edge = await edgeFor(origin.url, on);
  const [first, second] = [await bodyOf(edge, '/files/a.mp4.torrent'), await bodyOf(edge, '/files/a.mp4.torrent')];
  expect(first.equals(second)).toBe(true);
  expect(await metricOf(edge, 'nearcast_edge_torrents_made_total')).toBe(1);
});

test('an unchanged torrent is not sent again, and HEAD tells the magnet link', async () => {
  const origin = await originWith(fileOf(bytesOf(1000)));
  const edge = await edgeFor(origin.url, on);
  const { headers } = await get(edge, '/files/a.mp4.torrent');
  const etag = headers.get('etag') ?? '';
  expect((await get(edge, '/files/a.mp4.torrent', { 'if-none-match': etag })).status).toBe(304);
  const head = await fetch(urlOf(edge, '/files/a.mp4.torrent'), { method: 'HEAD' });
  expect(head.headers.get('x-magnet-uri')).toBe(headers.get('x-magnet-uri'));
});

describe('by configuration', () => {
  test('torrents are private, name the public URL, and several trackers', async () => {
    const origin = await originWith(fileOf(bytesOf(1000)));
    const edge = await edgeFor(origin.url, {
      ...on,
      torrentPrivate: true,
      torrentTracker: [TRACKER, 'wss://other.example.com'],
      publicUrl: 'https://edge.example.com',
    });
    const torrent = decode(await bodyOf(edge, '/files/a.mp3.torrent'));
    expect([torrent.info.private, torrent['url-list'].map(text)]).toEqual([
      1,
      ['https://edge.example.com/files/a.mp3'],
    ]);
    expect(torrent['announce-list']?.map((tier) => tier.map(text))).toEqual([[TRACKER], ['wss://other.example.com']]);
  });

  test('files outside the prefixes have none: what the origin has at that path is served', async () => {
    const origin = await originWith(fileOf(Buffer.from('the origin’s own')));
    const edge = await edgeFor(origin.url, on);
    expect((await bodyOf(edge, '/other/a.mp4.torrent')).toString()).toBe('the origin’s own');
    expect(await infohashesOf(edge)).toEqual([]);
  });

  test('with tokens, the torrent needs one and its web seed carries it', async () => {
    const origin = await originWith(fileOf(bytesOf(1000)));
    const key = '00112233445566778899aabbccddeeff';
    const edge = await edgeFor(origin.url, { ...on, tokenKey: [key] });
    expect((await get(edge, '/files/a.mp4.torrent')).status).toBe(401);
    const signed = `exp=${Math.floor(Date.now() / 1000) + 600}~acl=/files/*`;
    const token = `hdnts=${signed}~hmac=${createHmac('sha256', Buffer.from(key, 'hex')).update(signed).digest('hex')}`;
    const torrent = decode(await bodyOf(edge, `/files/a.mp4.torrent?${token}`));
    const [webSeed] = torrent['url-list'].map(text);
    expect((await fetch(webSeed ?? '')).status).toBe(200);
  });
});

describe('there is no torrent', () => {
  const etag = { etag: '"v1"' };
  test.each([
    [
      'of what is missing',
      404,
      'no-file',
      (_: unknown, response: ServerResponse) => void response.writeHead(404).end(),
    ],
    ['of an empty file', 404, 'no-file', fileOf(Buffer.alloc(0))],
    ['of a playlist', 404, 'no-file', fileOf(Buffer.from('#EXTM3U\n'), { 'content-type': 'application/x-mpegurl' })],
    ['of what is one viewer’s own', 404, 'not-cacheable', fileOf(bytesOf(9), { ...etag, 'cache-control': 'private' })],
    ['of what is sent encoded', 404, 'encoded', fileOf(bytesOf(9), { ...etag, 'content-encoding': 'br' })],
    ['of a file that is too large', 404, 'too-large', fileOf(bytesOf(MIB + 1))],
  ] as const)('%s', async (_name, status, because, listener) => {
    const origin = await originWith(listener);
    const edge = await edgeFor(origin.url, { ...on, torrentMaxSize: MIB });
    const response = await get(edge, '/files/a.mp4.torrent');
    expect([response.status, (await response.text()).trim().split('\n')]).toEqual([status, [expect.any(String)]]);
    expect(await metricOf(edge, `nearcast_edge_torrent_refusals_total{because="${because}"}`)).toBe(1);
    expect(await infohashesOf(edge)).toEqual([]);
  });

  test('yet, while a long file is hashed: the answer tells how far it is, and so does the admin port', async () => {
    const file = bytesOf(2 * MIB);
    let finish = () => {};
    const origin = await originWith((_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': file.length });
      response.write(file.subarray(0, MIB));
      finish = () => void response.end(file.subarray(MIB));
    });
    const edge = await edgeFor(origin.url, on);
    const asked = get(edge, '/files/long.mp4.torrent');
    type Jobs = { jobs: { is: string; doneBytes: number; totalBytes: number }[] };
    await vi.waitFor(async () => {
      const [job] = (await adminJson<Jobs>(edge, '/torrents')).jobs;
      expect(job).toMatchObject({ is: 'running', doneBytes: MIB, totalBytes: file.length });
    });
    const early = await asked;
    expect([early.status, early.headers.get('retry-after'), await early.text()]).toEqual([
      503,
      '2',
      'the torrent is being made: 50 % hashed\n',
    ]);
    finish();
    await vi.waitFor(async () => expect(await infohashesOf(edge)).toHaveLength(1), patience);
    expectToDescribe(decode(await bodyOf(edge, '/files/long.mp4.torrent')), file);
  }, 20_000);

  test('of a file that breaks off, and the next request makes it', async () => {
    const file = bytesOf(2 * MIB);
    const origin = await originWith((_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': file.length });
      response.write(file.subarray(0, MIB), () => response.destroy());
    });
    const edge = await edgeFor(origin.url, on);
    expect((await get(edge, '/files/a.mp4.torrent')).status).toBe(502);
    expect(await infohashesOf(edge)).toEqual([]);
    origin.answerWith(fileOf(file));
    expectToDescribe(decode(await bodyOf(edge, '/files/a.mp4.torrent')), file);
  });
});

describe('on disk', () => {
  test('torrents outlive the process: published at once, and not hashed again', async () => {
    const cacheDir = newFolder();
    const file = bytesOf(MIB);
    const origin = await originWith(fileOf(file));
    const before = await edgeFor(origin.url, { ...on, cacheDir });
    const torrent = await bodyOf(before, '/files/a.mp4.torrent');
    const infohashes = await infohashesOf(before);
    await before.close();
    const after = await edgeFor(origin.url, { ...on, cacheDir, publicUrl: urlOf(before, '') });
    expect(await infohashesOf(after)).toEqual(infohashes);
    expect((await bodyOf(after, '/files/a.mp4.torrent')).equals(torrent)).toBe(true);
    expect(await metricOf(after, 'nearcast_edge_torrents_made_total')).toBe(0);
  });

  test('a damaged record is made again', async () => {
    const cacheDir = newFolder();
    const file = bytesOf(MIB);
    const origin = await originWith(fileOf(file));
    const before = await edgeFor(origin.url, { ...on, cacheDir });
    await bodyOf(before, '/files/a.mp4.torrent');
    await before.close();
    const [folder] = (await readdir(join(cacheDir, 'torrents'))).filter((name) => name !== 'unfinished');
    const [record] = await readdir(join(cacheDir, 'torrents', folder ?? ''));
    await writeFile(join(cacheDir, 'torrents', folder ?? '', record ?? ''), `not JSON ${randomUUID()}\n`);
    const after = await edgeFor(origin.url, { ...on, cacheDir });
    expect(await infohashesOf(after)).toEqual([]);
    expectToDescribe(decode(await bodyOf(after, '/files/a.mp4.torrent')), file);
  });
});

test('purging a file takes its torrent back, and the list of infohashes has another tag', async () => {
  const origin = await originWith(fileOf(bytesOf(1000)));
  const edge = await edgeFor(origin.url, on);
  await bodyOf(edge, '/files/a.mp4.torrent');
  const list = `http://127.0.0.1:${edge.adminPort}/torrents/infohashes`;
  const etag = (await fetch(list)).headers.get('etag') ?? '';
  expect((await fetch(list, { headers: { 'if-none-match': etag } })).status).toBe(304);
  await purge(edge, '/files/');
  const { headers, status } = await fetch(list, { headers: { 'if-none-match': etag } });
  expect([status, headers.get('etag') === etag, await infohashesOf(edge)]).toEqual([200, false, []]);
});
