import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { SLICE_BYTES } from '../cache/slices.ts';
import type { Edge } from '../server.ts';
import { bodyOf, cacheOf, edgeFor, get, metricOf, stoppedClock } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith, rangedFileOf, rawOrigin } from '../testing/scripted-origin.ts';

const body = bytesOf(200_000);

/** How a GET ends: its status, or 0 when the connection was broken before the body's end. */
async function outcome(edge: Edge, path: string): Promise<number> {
  const response = await get(edge, path).catch(() => undefined);
  return (
    (await response?.arrayBuffer().then(
      () => response.status,
      () => 0,
    )) ?? 0
  );
}

describe('nothing partial is kept, and no viewer takes it for whole, when the origin', () => {
  const head = (length: number | string) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const reset = (socket: Socket, text: string) => void socket.write(text, () => socket.resetAndDestroy());
  const lies: [string, (socket: Socket) => void][] = [
    ['sends less than it announced', (socket) => socket.end(`${head(1000)}${'x'.repeat(999)}`)],
    ['ends before the last chunk', (socket) => socket.end(`${chunked}3\r\nabc\r\n`)],
    ['sends a chunk that is no chunk', (socket) => socket.end(`${chunked}zz\r\nabc\r\n`)],
    ['resets in the body', (socket) => reset(socket, `${head(1000)}xxx`)],
    ['resets before the headers end', (socket) => reset(socket, 'HTTP/1.1 200 OK\r\nContent-Le')],
    ['resets at once', (socket) => socket.resetAndDestroy()],
    ['closes at once', (socket) => socket.end()],
    ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'announces two lengths',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`),
    ],
    ['announces a length that is none', (socket) => socket.end(`${head('3, 5')}abcde`)],
    [
      'announces a length and chunks',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    ],
    ['sends headers without end', (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`)],
  ];
  test.each(lies)('%s', async (_, talk) => {
    let isLying = true;
    const origin = await rawOrigin((socket) =>
      isLying ? talk(socket) : void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`),
    );
    const edge = await edgeFor(origin);
    expect([0, 502]).toContain(await outcome(edge, '/s.ts'));
    expect([0, 502]).toContain(await outcome(edge, '/s.ts.nearcast'));
    isLying = false;
    // An origin that failed again and again is probed before it is asked.
    await vi.waitFor(async () => expect((await bodyOf(edge, '/s.ts')).toString()).toBe('ok'), 10_000);
    expect(await cacheOf(edge, '/s.ts')).toBe('HIT');
  });

  test('sends more than it announced: the surplus is no part of the object', async () => {
    const origin = await rawOrigin((socket) => void socket.end(`${head(3)}abcdef`));
    const edge = await edgeFor(origin);
    const first = await get(edge, '/s.ts');
    expect(await first.text().catch(() => 'broken off')).toMatch(/^abc$|broken off/);
    expect(await get(edge, '/s.ts').then((response) => response.text(), String)).not.toContain('d');
  });

  test('does not mark the end of a body: it is passed on, but never kept', async () => {
    let asked = 0;
    const origin = await rawOrigin((socket) => {
      asked += 1;
      socket.end('HTTP/1.1 200 OK\r\n\r\nabc');
    });
    const edge = await edgeFor(origin);
    for (const _ of [1, 2]) expect((await bodyOf(edge, '/s.ts')).toString()).toBe('abc');
    expect(asked).toBe(2);
  });

  test('stalls before it answers: 504, and stored objects bridge it', async () => {
    const clock = stoppedClock();
    const origin = await originWith(fileOf(body, { 'cache-control': 'max-age=5' }));
    const edge = await edgeFor(origin.url, { originTimeout: 1 }, clock);
    await bodyOf(edge, '/stored.ts');
    origin.answerWith(() => undefined);
    clock.pass(6);
    expect([await outcome(edge, '/cold.ts'), await cacheOf(edge, '/stored.ts')]).toEqual([504, 'STALE']);
    expect(
      await metricOf(
        edge,
        `nearcast_edge_origin_failures_total{origin="${new URL(origin.url).host}",reason="timeout"}`,
      ),
    ).toBe(2);
  });

  test('stalls in the middle of a body', async () => {
    const origin = await originWith(
      (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('abc'),
    );
    const edge = await edgeFor(origin.url, { originTimeout: 1 });
    expect(await outcome(edge, '/s.ts')).toBe(0);
    origin.answerWith(fileOf(body));
    expect(await cacheOf(edge, '/s.ts')).toBe('MISS');
  });

  test.each([204, 206, 304, 416])('answers %i to a question for the whole', async (status) => {
    const origin = await originWith((_, response) => void response.writeHead(status, { etag: '"x"' }).end());
    const edge = await edgeFor(origin.url);
    expect((await get(edge, '/s.ts')).status).toBe([206, 304].includes(status) ? 502 : status);
    origin.answerWith(fileOf(body));
    if (status !== 204) expect(await outcome(edge, '/other.ts')).toBe(200);
  });
});

describe('large objects, fetched in slices', () => {
  const large = bytesOf(3 * SLICE_BYTES + 12_345);
  const config = { sliceAbove: SLICE_BYTES };

  test('a range costs the slices that it touches, each once', async () => {
    const origin = await originWith(
      rangedFileOf(
        () => large,
        () => '"v1"',
      ),
    );
    const edge = await edgeFor(origin.url, config);
    const [first, last] = [2 * SLICE_BYTES - 10, 2 * SLICE_BYTES + 9];
    for (const _ of [1, 2]) {
      const part = await bodyOf(edge, '/film.mp4', { range: `bytes=${first}-${last}` });
      expect(part.equals(large.subarray(first, last + 1))).toBe(true);
    }
    const ranges = origin.requests.map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, ...[1, 2].map((n) => `bytes=${n * SLICE_BYTES}-${(n + 1) * SLICE_BYTES - 1}`)]);
    expect((await bodyOf(edge, '/film.mp4')).equals(large)).toBe(true);
    expect(origin.asked).toHaveLength(5);
  });

  test('an origin that promises ranges and answers 200 is asked for the whole instead', async () => {
    const origin = await originWith(fileOf(large, { etag: '"v1"', 'accept-ranges': 'bytes' }));
    const edge = await edgeFor(origin.url, config);
    expect(await outcome(edge, '/film.mp4')).toBe(502);
    expect((await bodyOf(edge, '/film.mp4')).equals(large)).toBe(true);
  });

  test('an object that becomes another under its URL is never mixed of both', async () => {
    let [version, bytes] = ['"v1"', large];
    const origin = await originWith(
      rangedFileOf(
        () => bytes,
        () => version,
      ),
    );
    const edge = await edgeFor(origin.url, config);
    await bodyOf(edge, '/film.mp4', { range: 'bytes=0-9' });
    [version, bytes] = ['"v2"', bytesOf(large.length, 2)];
    const mixed = await get(edge, '/film.mp4');
    await expect(mixed.arrayBuffer()).rejects.toThrow();
    expect((await bodyOf(edge, '/film.mp4')).equals(bytes)).toBe(true);
  });

  test.each([
    ['of other bytes', 'bytes 0-9/100'],
    ['of an object of another size', `bytes 0-${SLICE_BYTES - 1}/${SLICE_BYTES + 1}`],
    ['without saying which', undefined],
  ])('a 206 %s is refused', async (_, contentRange) => {
    const origin = await originWith((given, response) => {
      if (given.headers.range === undefined)
        return rangedFileOf(
          () => large,
          () => '"v1"',
        )(given, response);
      const slice = large.subarray(0, SLICE_BYTES);
      const said = contentRange === undefined ? {} : { 'content-range': contentRange };
      return void response.writeHead(206, { etag: '"v1"', 'content-length': slice.length, ...said }).end(slice);
    });
    const edge = await edgeFor(origin.url, config);
    expect(await outcome(edge, '/film.mp4')).toBe(502);
  });

  test('without validators, slices could be of two versions: it is passed on as it is', async () => {
    const origin = await originWith(fileOf(large, { 'accept-ranges': 'bytes' }));
    const edge = await edgeFor(origin.url, config);
    expect((await bodyOf(edge, '/film.mp4')).equals(large)).toBe(true);
    expect(await cacheOf(edge, '/film.mp4')).toBe('BYPASS');
  });
});

describe('several origins', () => {
  test('the next is asked when one fails, and the first again once it is back', async () => {
    const first = await originWith(fileOf(Buffer.from('first')));
    const second = await originWith(fileOf(Buffer.from('second')));
    const { host } = new URL(first.url);
    const edge = await edgeFor([first.url, second.url]);
    const ask = async (path: string) => (await bodyOf(edge, path)).toString();
    expect(await ask('/0.ts')).toBe('first');
    first.answerWith((_, response) => void response.writeHead(503).end());
    for (const path of ['/1.ts', '/2.ts', '/3.ts']) expect(await ask(path)).toBe('second');
    expect(await metricOf(edge, `nearcast_edge_origin_up{origin="${host}"}`)).toBe(0);
    const asked = first.asked.length;
    expect(await ask('/4.ts')).toBe('second');
    expect(first.asked.slice(asked).filter((path) => path !== '/')).toEqual([]);
    first.answerWith(fileOf(Buffer.from('first')));
    await vi.waitFor(
      async () => expect(await metricOf(edge, `nearcast_edge_origin_up{origin="${host}"}`)).toBe(1),
      15_000,
    );
    expect(await ask('/5.ts')).toBe('first');
  });

  test('an origin that is away, or resets, costs no viewer anything', async () => {
    const gone = await originWith(fileOf(Buffer.from('gone')));
    gone.kill();
    const resetting = await rawOrigin((socket) => void socket.resetAndDestroy());
    const edge = await edgeFor([gone.url, resetting, (await originWith(fileOf(Buffer.from('there')))).url]);
    for (let count = 0; count < 6; count++) expect((await bodyOf(edge, `/${count}.ts`)).toString()).toBe('there');
  });

  test('a body that broke off is not continued with another’s', async () => {
    const breaking = await originWith((_, response) => {
      response
        .writeHead(200, { 'content-length': body.length })
        .write(body.subarray(0, 1000), () => response.destroy());
    });
    const second = await originWith(fileOf(body));
    const edge = await edgeFor([breaking.url, second.url]);
    expect(await outcome(edge, '/s.ts')).toBe(0);
    expect(second.asked).toEqual([]);
  });

  test('a 404 is an answer', async () => {
    const first = await originWith((_, response) => void response.writeHead(404).end());
    const second = await originWith(fileOf(body));
    const edge = await edgeFor([first.url, second.url]);
    expect(await outcome(edge, '/s.ts')).toBe(404);
    expect(second.asked).toEqual([]);
  });
});

describe('a thousand clients at once on one cold object', () => {
  test('cause one fetch, and all get it', { timeout: 120_000 }, async () => {
    const origin = await originWith((given, response) => void setImmediate(() => fileOf(body)(given, response)));
    const edge = await edgeFor(origin.url);
    const get1 = async () => {
      const sent = request({ port: edge.port, host: '127.0.0.1', path: '/s.ts', agent: false }).end();
      const [response] = await once(sent, 'response');
      let length = 0;
      for await (const piece of response) length += (piece as Buffer).length;
      return length;
    };
    const lengths = await Promise.all(Array.from({ length: 1000 }, get1));
    expect(new Set(lengths)).toEqual(new Set([body.length]));
    expect(origin.asked).toEqual(['/s.ts']);
    expect(await metricOf(edge, 'nearcast_edge_sent_bytes_total{kind="segment"}')).toBe(1000 * body.length);
    expect(await metricOf(edge, 'nearcast_edge_origin_bytes_total')).toBe(body.length);
  });

  test('that may not be shared wait for nobody: each gets its own', async () => {
    let number = 0;
    const origin = await originWith(
      (_, response) => void response.setHeader('cache-control', 'private').end(String(number++)),
    );
    const edge = await edgeFor(origin.url);
    const answers = await Promise.all(Array.from({ length: 50 }, () => bodyOf(edge, '/me.json')));
    expect(new Set(answers.map(String)).size).toBe(50);
  });
});

test('bytes reach clients while they arrive, in order, from wherever each began', async () => {
  let next: (bytes: Buffer | undefined) => void = () => undefined;
  const origin = await originWith((_, response) => {
    response.writeHead(200, { 'content-length': 300 });
    response.flushHeaders();
    next = (bytes) => void (bytes ? response.write(bytes) : response.end());
  });
  const edge = await edgeFor(origin.url);
  const asked = get(edge, '/s.ts');
  await vi.waitFor(() => expect(origin.asked).toHaveLength(1), 10_000);
  next(body.subarray(0, 100));
  const whole = await asked;
  const reader = (whole.body as ReadableStream<Uint8Array>).getReader();
  expect((await reader.read()).value).toHaveLength(100);
  const early = await get(edge, '/s.ts', { range: 'bytes=0-49' });
  expect(Buffer.from(await early.arrayBuffer()).equals(body.subarray(0, 50))).toBe(true);
  const late = get(edge, '/s.ts', { range: 'bytes=150-299' }).then((response) => response.arrayBuffer());
  next(body.subarray(100, 300));
  next(undefined);
  expect(Buffer.from(await late).equals(body.subarray(150, 300))).toBe(true);
  expect((await reader.read()).value).toHaveLength(200);
  expect(origin.asked).toHaveLength(1);
});
