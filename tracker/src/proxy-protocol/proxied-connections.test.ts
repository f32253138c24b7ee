import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen, portOf } from '@nearcast/service-kit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { clientAddresses } from '../access/client-address.ts';
import { startHaproxy } from '../testing/haproxy.ts';
import { v2Header } from '../testing/proxy-header.ts';
import { patience } from '../testing/test-viewer.ts';
import { openTracker } from '../testing/tracker-sockets.ts';
import { expectProxyHeaders } from './proxied-connections.ts';

/** A server that says whom it takes its client for, and a clock that stands still until it is told to ring. */
async function open(trusted: string) {
  const alarms = new Set<() => void>();
  const after = (_ms: number, run: () => void) => {
    alarms.add(run);
    return () => alarms.delete(run);
  };
  let refused = 0;
  const server = createServer((request, response) => response.end(`${addressOf(request)}`));
  const proxied = expectProxyHeaders(server, {
    isTrusted: (address) => address === trusted,
    clock: { now: () => 0, after },
    refused: () => {
      refused += 1;
    },
  });
  const addressOf = clientAddresses([trusted], 'x-forwarded-for', proxied);
  await listen(server, 0, '127.0.0.1');
  onTestFinished(() => void server.close().closeAllConnections());
  return {
    port: portOf(server),
    refused: () => refused,
    waiting: () => alarms.size,
    ring() {
      for (const run of alarms) run();
    },
  };
}

const request = Buffer.from(
  'GET / HTTP/1.1\r\nHost: tracker\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n',
);

function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Everything that comes until the end, however that comes. */
function answerOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

async function ask(port: number, ...writes: readonly (Buffer | string)[]): Promise<string> {
  const socket = dial(port);
  const answer = answerOn(socket);
  for (const bytes of writes) {
    if (socket.destroyed) break;
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    // So that it goes in a segment of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await answer;
}

const v1 = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n', 'latin1');
const v2 = v2Header({ family: 2, addresses: '2001:db8::1 2001:db8::2', tlvs: Buffer.from('040001ff', 'hex') });

describe('what a trusted proxy says comes before HTTP', () => {
  test.each<[string, Buffer, string]>([
    ['version 1', v1, '192.0.2.1'],
    ['version 2', v2, '2001:db8::1'],
    ['another trusted proxy before it', v2Header({ family: 1, addresses: '127.0.0.1 127.0.0.1' }), '203.0.113.9'],
    ['LOCAL: the proxy itself, and what it passes on', v2Header({ command: 0, family: 0 }), '203.0.113.9'],
    ['nobody knows who: not even the header does', v2Header({ family: 3, addresses: Buffer.alloc(216) }), 'undefined'],
    ['nobody knows who, in version 1', Buffer.from('PROXY UNKNOWN\r\n'), 'undefined'],
  ])('%s', async (_, header, address) => {
    const { port, refused, waiting } = await open('127.0.0.1');
    const all = Buffer.concat([header, request]);
    const bytes = [...all].map((byte) => Buffer.of(byte));
    expect((await ask(port, all)).split('\r\n').at(-1)).toBe(address);
    expect((await ask(port, ...bytes)).split('\r\n').at(-1)).toBe(address);
    expect([refused(), waiting()]).toEqual([0, 0]);
  });

  test('without a header there is no answer', async () => {
    const { port, refused } = await open('127.0.0.1');
    expect(await ask(port, request)).toBe('');
    expect(await ask(port, 'PROXY TCP4 192.0.2.1\r\n', request)).toBe('');
    expect(await ask(port, 'x'.repeat(100_000))).toBe('');
    expect(refused()).toBe(3);
  });

  test('a header that does not come is not waited for', async () => {
    const { port, refused, waiting, ring } = await open('127.0.0.1');
    const answers = [dial(port), dial(port)].map(answerOn);
    await vi.waitFor(() => expect(waiting()).toBe(2), patience);
    ring();
    expect(await Promise.all(answers)).toEqual(['', '']);
    expect(refused()).toBe(2);
  });

  test('one that goes before its header is whole is forgotten', async () => {
    const { port, refused, waiting } = await open('127.0.0.1');
    const socket = dial(port);
    socket.write(v1.subarray(0, 10));
    await vi.waitFor(() => expect(waiting()).toBe(1), patience);
    socket.end();
    await vi.waitFor(() => expect([refused(), waiting()]).toEqual([1, 0]), patience);
  });
});

test('others are who they are, and what they forge is malformed HTTP', async () => {
  const { port, refused } = await open('192.0.2.77');
  expect(await ask(port, request)).toMatch(/\r\n127\.0\.0\.1$/);
  expect(await ask(port, v1, request)).toMatch(/^HTTP\/1.1 400 /);
  expect(refused()).toBe(0);
});

describe('the tracker', () => {
  const config = { trustedProxies: ['127.0.0.1'], proxyProtocol: 'on' } as const;

  test('is not kept open by a header that does not come', async () => {
    const tracker = await openTracker(config);
    const socket = dial(tracker.port);
    await once(socket, 'connect');
    await Promise.all([tracker.close(), once(socket, 'close')]);
  });

  test('needs to know from whom', async () => {
    await expect(openTracker({ proxyProtocol: 'on' })).rejects.toThrow('--proxy-protocol needs --trusted-proxies');
  });

  test.each(['send-proxy', 'send-proxy-v2'])('knows its viewers behind HAProxy (%s)', async (flag) => {
    const tracker = await openTracker({ ...config, connectionsPerAddress: 1 });
    // Its checks are LOCAL, the connections it passes on PROXY; who they are from it was told as well.
    const proxy = await startHaproxy(tracker.port, 'accept-proxy', `${flag} check inter 50ms check-send-proxy`);
    const upgrade = [
      'GET / HTTP/1.1\r\nHost: tracker\r\nConnection: Upgrade\r\nUpgrade: websocket',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ].join('\r\n');
    const statusFor = async (address: string) => {
      const socket = dial(proxy);
      socket.write(`PROXY TCP4 ${address} 198.51.100.1 4711 443\r\n${upgrade}`);
      const [first] = await once(socket, 'data');
      return String(first).slice(9, 12);
    };
    expect(await statusFor('192.0.2.1')).toBe('101');
    expect(await statusFor('192.0.2.1')).toBe('429');
    expect(await statusFor('192.0.2.2')).toBe('101');
    const metrics = await (await fetch(`http://127.0.0.1:${tracker.adminPort}/metrics`)).text();
    expect(metrics).toContain('refused_connections_total{reason="address"} 1');
    expect(metrics).not.toContain('reason="proxy-header"');
  });
});
