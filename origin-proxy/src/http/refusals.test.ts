import { describe, expect, test } from 'vitest';
import { bodyOf, edgeFor, exchange, get, metricOf, urlOf } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

describe('what could mean one thing here and another elsewhere is refused', () => {
  test.each<[string, string, RegExp]>([
    ['the absolute form', head('GET http://other.example/s.ts HTTP/1.1', 'Host: x'), /^HTTP\/1\.1 400 /],
    ['a body', `${head('GET /s.ts HTTP/1.1', 'Host: x', 'Content-Length: 5')}abcde`, /^HTTP\/1\.1 400 /],
    [
      'a chunked body',
      `${head('GET /s.ts HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      'two lengths',
      head('GET /s.ts HTTP/1.1', 'Host: x', 'Content-Length: 0', 'Content-Length: 5'),
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks',
      head('GET /s.ts HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      /^HTTP\/1\.1 400 /,
    ],
    [
      'an unknown transfer coding',
      head('GET /s.ts HTTP/1.1', 'Host: x', 'Transfer-Encoding: xchunked'),
      /^HTTP\/1\.1 [45]0[01] /,
    ],
    ['a folded header', head('GET /s.ts HTTP/1.1', 'Host: x', 'X: a', ' b'), /^HTTP\/1\.1 400 /],
    ['a space before the colon', head('GET /s.ts HTTP/1.1', 'Host : x'), /^HTTP\/1\.1 400 /],
    ['a bare line feed', 'GET /s.ts HTTP/1.1\nHost: x\nX: y\n\n', /^HTTP\/1\.1 400 /],
    ['no host', head('GET /s.ts HTTP/1.1'), /^HTTP\/1\.1 400 /],
    ['an over-long URL', head(`GET /${'a'.repeat(9000)} HTTP/1.1`, 'Host: x'), /^HTTP\/1\.1 414 /],
    ['over-long headers', head('GET /s.ts HTTP/1.1', 'Host: x', `X: ${'a'.repeat(20_000)}`), /^HTTP\/1\.1 431 /],
    ['CONNECT', head('CONNECT other.example:80 HTTP/1.1', 'Host: x'), /^(?:HTTP\/1\.1 4\d\d |$)/],
    ['what is no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('%s', async (_, text, answer) => {
    const origin = await originWith(fileOf(bytesOf(10)));
    const edge = await edgeFor(origin.url);
    // The second request must not be answered: what came before it may have hidden it.
    const said = await exchange(edge.port, `${text}${head('GET /hidden.ts HTTP/1.1', 'Host: x', 'Connection: close')}`);
    expect(said).toMatch(answer);
    expect(said).not.toContain('200 OK');
    expect(origin.asked).toEqual([]);
  });

  test('an edge that is its own origin: 508', async () => {
    const asked: string[] = [];
    let edgePort = 0;
    const origin = await originWith((request, response) => {
      asked.push(String(request.headers.via));
      fetch(`http://127.0.0.1:${edgePort}${request.url}`, { headers: { via: String(request.headers.via) } }).then(
        async (answer) => response.writeHead(answer.status).end(await answer.text()),
        () => response.destroy(),
      );
    });
    const edge = await edgeFor(origin.url);
    edgePort = edge.port;
    const response = await get(edge, '/s.ts');
    expect([response.status, asked]).toEqual([508, [expect.stringMatching(/^1\.1 nearcast-/)]]);
  });
});

test('what concerns one connection, or the origin alone, does not go on', async () => {
  const headers = {
    'content-length': 10,
    connection: 'close, x-hop',
    'x-hop': '1',
    'set-cookie': 'a=b',
    'cache-control': 'max-age=60',
    'access-control-allow-origin': 'https://origin.example',
    'strict-transport-security': 'max-age=9',
    'x-kept': 'yes',
  };
  const origin = await originWith((_, response) => void response.writeHead(200, headers).end(bytesOf(10)));
  const edge = await edgeFor(origin.url);
  for (const _ of [1, 2]) {
    const response = await get(edge, '/s.ts', {
      cookie: 'session=secret',
      authorization: 'Bearer secret',
      'x-other': '1',
    });
    const got = Object.fromEntries(response.headers);
    expect(got).toMatchObject({ 'x-kept': 'yes', 'access-control-allow-origin': '*' });
    for (const name of ['x-hop', 'set-cookie', 'strict-transport-security']) expect(got).not.toHaveProperty(name);
  }
  const told = Object.keys(origin.requests[0]?.headers ?? {});
  for (const name of ['cookie', 'authorization', 'x-other']) expect(told).not.toContain(name);
});

test('only sites that are allowed may read, and caches are told that it matters who asks', async () => {
  const edge = await edgeFor((await originWith(fileOf(bytesOf(10)))).url, { allowOrigin: ['https://site.example'] });
  const allowed = await get(edge, '/s.ts', { origin: 'https://site.example' });
  expect([allowed.headers.get('access-control-allow-origin'), allowed.headers.get('vary')]).toEqual([
    'https://site.example',
    'Origin',
  ]);
  const other = await get(edge, '/s.ts', { origin: 'https://other.example' });
  expect([other.headers.get('access-control-allow-origin'), other.headers.get('cross-origin-resource-policy')]).toEqual(
    [null, 'same-site'],
  );
});

test('Cache-Status (RFC 9211) and Age say what the cache did', async () => {
  const origin = await originWith((_, response) => {
    const headers = { 'content-length': 2, 'cache-control': 'max-age=60', age: '7', 'cache-status': 'Upstream; hit' };
    response.writeHead(200, headers).end('ok');
  });
  const edge = await edgeFor(origin.url);
  const about = async () => {
    const { headers } = await get(edge, '/s.ts');
    return [headers.get('x-cache'), headers.get('age'), headers.get('cache-status')];
  };
  expect(await about()).toEqual(['MISS', '7', 'Upstream; hit, nearcast; fwd=uri-miss; stored']);
  expect(await about()).toEqual(['HIT', '7', 'Upstream; hit, nearcast; hit; ttl=53']);
});

test('CMCD is counted in few labels, from the query or from headers, and splits no object', async () => {
  const origin = await originWith(fileOf(bytesOf(10)));
  const edge = await edgeFor(origin.url);
  await bodyOf(edge, `/s.ts?CMCD=${encodeURIComponent('bl=2000,bs,mtp=8000,ot=v,sid="x",st=l')}`);
  await bodyOf(edge, '/s.ts', { 'cmcd-object': 'ot=v', 'cmcd-session': 'st=l', 'cmcd-request': 'bl=2000,mtp=8000' });
  await bodyOf(edge, '/s.ts?CMCD=%ff%%%');
  await bodyOf(edge, `/s.ts?CMCD=${encodeURIComponent('ot=zz,st=zz')}`);
  expect(origin.asked).toEqual(['/s.ts']);
  expect(await metricOf(edge, 'nearcast_edge_cmcd_requests_total{object="video",stream="live"}')).toBe(2);
  expect(
    await metricOf(edge, 'nearcast_edge_cmcd_requests_total{object="other",stream="unknown"}'),
  ).toBeGreaterThanOrEqual(1);
  expect(await metricOf(edge, 'nearcast_edge_cmcd_starved_total{stream="live"}')).toBe(1);
  expect(await metricOf(edge, 'nearcast_edge_cmcd_buffer_seconds_sum{stream="live"}')).toBe(4);
  expect(await metricOf(edge, 'nearcast_edge_cmcd_throughput_bytes_per_second_sum{stream="live"}')).toBe(2_000_000);
});

test.each(['', 'live/', '?prefix=x'])('a purge of %j is refused with one sentence', async (prefix) => {
  const edge = await edgeFor('http://127.0.0.1:1');
  const url = `http://127.0.0.1:${edge.adminPort}/cache?prefix=${encodeURIComponent(prefix)}`;
  const response = await fetch(url, { method: 'DELETE' });
  expect([response.status, await response.text()]).toEqual([400, 'prefix must be a path, such as /live/\n']);
});

test('the admin port’s doings are not on the viewers’ port', async () => {
  const origin = await originWith((_, response) => void response.writeHead(404).end());
  const edge = await edgeFor(origin.url);
  expect((await fetch(urlOf(edge, '/cache?prefix=/'), { method: 'DELETE' })).status).toBe(405);
  expect((await get(edge, '/metrics')).status).toBe(404);
});
