import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { describe, expect, test, vi } from 'vitest';
import { startEdge } from './server.ts';
import { edgeFor, exchange, get, metricOf, metricsOf, stoppedClock } from './testing/edge-under-test.ts';
import { originWith } from './testing/scripted-origin.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

const body = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const sendBody: RequestListener = (_request, response) =>
  void response.setHeader('content-length', body.length).setHeader('etag', '"v1"').end(body);

describe('from an HTTP origin', () => {
  test('a segment is fetched once, then served from memory, with the headers that players need', async () => {
    const origin = await originWith(sendBody);
    const edge = await edgeFor(origin.url);
    const first = await get(edge, '/a/segment1.ts');
    expect(Buffer.from(await first.arrayBuffer()).equals(body)).toBe(true);
    expect(first.headers.get('x-cache')).toBe('MISS');
    const second = await get(edge, '/a/segment1.ts?session=7');
    expect(Buffer.from(await second.arrayBuffer()).equals(body)).toBe(true);
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'x-cache': 'HIT',
      age: '0',
      etag: '"v1"',
      'content-length': '100000',
      'cache-control': 'public, max-age=31536000, immutable',
      'access-control-allow-origin': '*',
      'accept-ranges': 'bytes',
    });
    expect(origin.asked).toEqual(['/a/segment1.ts']);
    const text = await metricsOf(edge);
    expect(text).toContain('nearcast_edge_sent_bytes_total{kind="segment"} 200000');
    expect(text).toContain('nearcast_edge_origin_bytes_total 100000');
    expect(text).toContain('nearcast_edge_requests_total{cache="hit"} 1');
    expect(text).toContain('nearcast_edge_requests_total{cache="miss"} 1');
  });

  test('a hundred clients of one cold object cause one fetch, and get it while it arrives', async () => {
    let finish: () => void = () => undefined;
    const origin = await originWith((_request, response) => {
      response.setHeader('content-length', body.length).write(body.subarray(0, 50_000));
      finish = () => response.end(body.subarray(50_000));
    });
    const edge = await edgeFor(origin.url);
    const responses = await Promise.all(Array.from({ length: 100 }, () => get(edge, '/segment.m4s')));
    const reader = responses[0]?.body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBeGreaterThan(0);
    reader?.releaseLock();
    finish();
    const sizes = await Promise.all(
      responses.slice(1).map(async (response) => (await response.arrayBuffer()).byteLength),
    );
    expect(new Set(sizes)).toEqual(new Set([100_000]));
    expect(origin.asked).toHaveLength(1);
    expect(await metricsOf(edge)).toContain('nearcast_edge_requests_total{cache="collapsed"} 99');
  });

  test('a client that leaves does not end the fetch for the others', async () => {
    let finish: () => void = () => undefined;
    const origin = await originWith((_request, response) => {
      response.setHeader('content-length', body.length).write(body.subarray(0, 10));
      finish = () => response.end(body.subarray(10));
    });
    const edge = await edgeFor(origin.url);
    const leaver = new AbortController();
    await fetch(`http://127.0.0.1:${edge.port}/s.ts`, { signal: leaver.signal });
    const stayer = await get(edge, '/s.ts');
    leaver.abort();
    finish();
    expect((await stayer.arrayBuffer()).byteLength).toBe(100_000);
  });

  test.each([
    ['bytes=0-9', 206, 'bytes 0-9/100000', 10],
    ['bytes=99990-', 206, 'bytes 99990-99999/100000', 10],
    ['bytes=-5', 206, 'bytes 99995-99999/100000', 5],
    ['bytes=99999-200000', 206, 'bytes 99999-99999/100000', 1],
    ['bytes=100000-', 416, 'bytes */100000', 0],
    ['bytes=0-1,5-6', 200, null, 100_000],
    ['apples=0-1', 200, null, 100_000],
  ])('range %s → %i', async (range, status, contentRange, length) => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    for (const cache of ['MISS', 'HIT']) {
      const response = await get(edge, '/s.ts', { range });
      expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
      if (status !== 416) expect(response.headers.get('x-cache')).toBe(cache);
      const received = Buffer.from(await response.arrayBuffer());
      expect(received.length).toBe(length);
      if (status === 206) {
        const start = Number(/\d+/.exec(contentRange ?? '')?.[0]);
        expect(received.equals(body.subarray(start, start + length))).toBe(true);
      }
    }
  });

  test('If-None-Match is answered with 304, If-Range decides between part and whole', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    await (await get(edge, '/s.ts')).arrayBuffer();
    expect((await get(edge, '/s.ts', { 'if-none-match': '"v1"' })).status).toBe(304);
    expect((await get(edge, '/s.ts', { 'if-none-match': '"v2"' })).status).toBe(200);
    expect((await get(edge, '/s.ts', { range: 'bytes=0-0', 'if-range': '"v1"' })).status).toBe(206);
    expect((await get(edge, '/s.ts', { range: 'bytes=0-0', 'if-range': '"v2"' })).status).toBe(200);
  });

  test('a live playlist is fresh for half its target duration, then fetched again', async () => {
    const clock = stoppedClock();
    const origin = await originWith((_request, response) => response.end('#EXTM3U\n#EXT-X-TARGETDURATION:4\n'));
    const edge = await edgeFor(origin.url, {}, clock);
    const ask = async () => (await get(edge, '/live.m3u8')).headers.get('x-cache');
    expect(await ask()).toBe('MISS');
    clock.pass(1.9);
    expect(await ask()).toBe('HIT');
    clock.pass(0.2);
    expect(await ask()).toBe('MISS');
    expect((await get(edge, '/live.m3u8')).headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(origin.asked).toHaveLength(2);
  });

  test('a stale playlist is served while the origin is away, and no longer than a minute', async () => {
    const clock = stoppedClock();
    const origin = await originWith((_request, response) => response.end('#EXTM3U\n#EXT-X-TARGETDURATION:2\n'));
    const edge = await edgeFor(origin.url, {}, clock);
    await get(edge, '/live.m3u8');
    origin.kill();
    clock.pass(30);
    const stale = await get(edge, '/live.m3u8');
    expect([stale.status, stale.headers.get('x-cache'), stale.headers.get('age')]).toEqual([200, 'STALE', '30']);
    clock.pass(60);
    expect((await get(edge, '/live.m3u8')).status).toBe(502);
  });

  test('what the origin forbids to store is fetched each time', async () => {
    const origin = await originWith((_request, response) => response.setHeader('cache-control', 'private').end('x'));
    const edge = await edgeFor(origin.url);
    await (await get(edge, '/s.ts')).text();
    await (await get(edge, '/s.ts')).text();
    expect(origin.asked).toHaveLength(2);
  });

  test('what the origin says of a missing object is passed on, its failures are told in one line, neither is kept', async () => {
    const clock = stoppedClock();
    const origin = await originWith((_request, response) => void response.writeHead(404).end('no such segment'));
    const edge = await edgeFor(origin.url, {}, clock);
    const missing = await get(edge, '/s.ts');
    expect([missing.status, await missing.text()]).toEqual([404, 'no such segment']);
    clock.pass(2);
    origin.answerWith((_request, response) => void response.writeHead(500).end('secret details'));
    const failed = await get(edge, '/s.ts');
    expect([failed.status, await failed.text()]).toEqual([500, 'the origin answered 500\n']);
    origin.answerWith(sendBody);
    expect((await get(edge, '/s.ts')).status).toBe(200);
  });

  test('a body that breaks off breaks off for the client too, and is never kept', async () => {
    let whole = false;
    const origin = await originWith((request, response) => {
      if (whole) return sendBody(request, response);
      response.setHeader('content-length', body.length).write(body.subarray(0, 500), () => response.destroy());
      return undefined;
    });
    const edge = await edgeFor(origin.url);
    await expect(get(edge, '/s.ts').then((response) => response.arrayBuffer())).rejects.toThrow();
    whole = true;
    const again = await get(edge, '/s.ts');
    expect((await again.arrayBuffer()).byteLength).toBe(100_000);
    expect(again.headers.get('x-cache')).toBe('MISS');
  });

  test('an origin that refuses connections is a 502 with one clear line', async () => {
    const origin = await originWith(sendBody);
    origin.kill();
    const response = await get(await edgeFor(origin.url), '/s.ts');
    expect([response.status, await response.text()]).toEqual([502, 'the origin cannot be reached\n']);
  });

  test('memory stays within its bound', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url, { memorySize: 400_000 });
    for (let number = 0; number < 5; number++) await (await get(edge, `/${number}.ts`)).arrayBuffer();
    expect(await metricOf(edge, 'nearcast_edge_cached_bytes{tier="memory"}')).toBeLessThanOrEqual(250_000);
    expect(await metricOf(edge, 'nearcast_edge_evictions_total{tier="memory"}')).toBe(3);
  });
});

describe('methods', () => {
  test('HEAD tells the length without a body', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    const response = await fetch(`http://127.0.0.1:${edge.port}/s.ts`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '100000']);
  });

  test('a preflight allows what is asked for', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    const response = await fetch(`http://127.0.0.1:${edge.port}/s.ts`, {
      method: 'OPTIONS',
      headers: { 'access-control-request-headers': 'authorization,range' },
    });
    expect([response.status, response.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization,range',
    ]);
  });

  test('anything else is 405', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    const response = await fetch(`http://127.0.0.1:${edge.port}/s.ts`, { method: 'POST', body: 'x' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('from a folder', () => {
  function folder(): string {
    const path = newFolder();
    writeFileSync(join(path, 'index.m3u8'), '#EXTM3U\n#EXT-X-ENDLIST\n');
    writeFileSync(join(path, 'segment 1.m4s'), body);
    return path;
  }

  test('files have their types, missing ones are 404, folders too', async () => {
    const edge = await edgeFor(folder());
    expect((await get(edge, '/index.m3u8')).headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    const segment = await get(edge, '/segment%201.m4s');
    expect([segment.status, (await segment.arrayBuffer()).byteLength]).toEqual([200, 100_000]);
    expect((await get(edge, '/nothing.ts')).status).toBe(404);
    expect((await get(edge, '/')).status).toBe(404);
  });

  test.each(['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/a/../../secret', '/%00', '/%zz'])(
    'a way out is refused: %s',
    async (path) => {
      const edge = await edgeFor(folder());
      const text = await exchange(edge.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
    },
  );
});

describe('starting', () => {
  test.each([
    ['/no/such/folder', /no such folder/],
    ['ftp://host/', /must begin with http/],
    ['http://[', /not a URL/],
    [import.meta.filename, /not a folder/],
  ])('origin %s is one clear sentence', async (origin, message) => {
    await expect(startEdge({ origin, port: 0, adminPort: 0 })).rejects.toThrow(message);
  });

  test('readiness turns red while closing', async () => {
    const edge = await edgeFor((await originWith(sendBody)).url);
    const ready = () => fetch(`http://127.0.0.1:${edge.adminPort}/readyz`).then(({ status }) => status);
    expect(await ready()).toBe(200);
    await edge.close();
    await vi.waitFor(() => expect(ready()).rejects.toThrow(), patience);
  });
});
