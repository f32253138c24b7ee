import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { edgeFor, get, metricOf } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';
import { ClientGuard } from './client-guard.ts';

test.each([
  [[], '203.0.113.7', 'x, 198.51.100.1', '203.0.113.7'],
  [['203.0.113.0/24'], '203.0.113.7', 'forged, 198.51.100.1', '198.51.100.1'],
  [['203.0.113.0/24', '198.51.100.1'], '203.0.113.7', '192.0.2.1, 198.51.100.1', '192.0.2.1'],
  [['loopback'], '127.0.0.1', '192.0.2.1', '192.0.2.1'],
])('with trusted proxies %j, %s with X-Forwarded-For "%s" is %s', (trustedProxies, remoteAddress, header, expected) => {
  const guard = new ClientGuard({ trustedProxies, clientRate: 0 });
  const request = { headers: { 'x-forwarded-for': header }, socket: { remoteAddress } } as unknown as IncomingMessage;
  expect(guard.addressOf(request)).toBe(expected);
});

test('a network that is none stops the start', () => {
  expect(() => new ClientGuard({ trustedProxies: ['10.0.0.0/99'], clientRate: 0 })).toThrow(/10\.0\.0\.0\/99|range/);
});

test('one client may ask so often, an IPv6 client with all its addresses; others are not held up', async () => {
  const guard = new ClientGuard({ trustedProxies: [], clientRate: 1 });
  const allowed = async (addresses: string[]) => {
    const answers: boolean[] = [];
    for (const address of addresses) answers.push(await guard.mayAsk(address));
    return answers.filter((may) => may).length;
  };
  expect(await allowed(Array.from({ length: 15 }, () => '192.0.2.1'))).toBe(10);
  expect(await allowed(Array.from({ length: 5 }, () => '::ffff:192.0.2.1'))).toBe(0);
  expect(await allowed(Array.from({ length: 15 }, (_, index) => `2001:db8:1:2::${index}`))).toBe(10);
  expect(await allowed(['2001:db8:1:3::1', '192.0.2.2', '2001:db8::1', '::1'])).toBe(4);
});

test('too many requests are 429, counted, and told in one line', async () => {
  const edge = await edgeFor((await originWith(fileOf(bytesOf(10)))).url, { clientRate: 1 });
  for (let count = 0; count < 10; count++) expect((await get(edge, '/s.ts')).status).toBe(200);
  const refused = await get(edge, '/s.ts');
  expect([refused.status, await refused.text(), refused.headers.get('retry-after')]).toEqual([
    429,
    'too many requests\n',
    '1',
  ]);
  expect(await metricOf(edge, 'nearcast_edge_refusals_total{because="rate"}')).toBe(1);
});
