import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import type { Tracker } from './server.ts';
import { patience } from './testing/test-viewer.ts';
import { announce, binaryId, openSocket, openTracker, type TestSocket } from './testing/tracker-sockets.ts';

/** What strangers send to the running tracker: they get a clear answer, and others are served as before. */

const join = { type: 'join', swarm: 's', engine: 'swarm', upload: true };

/** Two viewers of each dialect that are served before, and must be after. */
async function expectService(running: Tracker): Promise<void> {
  const [a, b] = [await openSocket(running), await openSocket(running)];
  a.send(announce('served-a'));
  expect(await a.next()).toMatchObject({ interval: 120 });
  b.send(announce('served-b'));
  expect(await b.next()).toMatchObject({ interval: 120 });
  const viewer = await openSocket(running, 'nearcast.1');
  viewer.send({ ...join, swarm: 'served' });
  expect(await viewer.next()).toMatchObject({ type: 'welcome' });
  for (const { socket } of [a, b, viewer]) socket.terminate();
}

describe.each([undefined, 'nearcast.1'] as const)('subprotocol %s', (subprotocol) => {
  const isError = (message: object) => 'failure reason' in message || ('type' in message && message.type === 'error');

  test.each([
    ['malformed JSON', '{"action":"announce",'],
    ['no object', '[1,2,3]'],
    ['nothing', ''],
    ['wrong types', '{"action":1,"type":{},"info_hash":[],"swarm":7}'],
    ['names of Object.prototype', '{"action":"__proto__","type":"constructor","__proto__":{"type":"join"}}'],
    ['deep JSON', '['.repeat(60_000)],
  ])('%s is answered with an error, and the socket stays', async (_name, text) => {
    const running = await openTracker();
    const stranger = await openSocket(running, subprotocol);
    stranger.send(text);
    expect(await stranger.next()).toSatisfy(isError);
    expect(stranger.socket.readyState).toBe(stranger.socket.OPEN);
    await expectService(running);
  });

  test('binary garbage is answered with an error', async () => {
    const stranger = await openSocket(await openTracker(), subprotocol);
    stranger.socket.send(Buffer.from([0, 255, 128, 7, 200, 201]));
    expect(await stranger.next()).toSatisfy(isError);
  });

  test.each([
    ['a text that is no UTF-8', (to: TestSocket) => to.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }), 1007],
    ['a giant message', (to: TestSocket) => to.send('x'.repeat(5_000_000)), 1009],
    ['a giant message in fragments', (to: TestSocket) => sendInFragments(to, 2000), 1009],
  ])('%s closes', async (_name, send, code) => {
    const running = await openTracker();
    const stranger = await openSocket(running, subprotocol);
    send(stranger);
    expect(await stranger.closed).toBe(code);
    await expectService(running);
  });

  test('whatever JSON has, it gets one answer or none, and others are served', async () => {
    const running = await openTracker();
    const texts = fc.sample(fc.oneof(anyMessage(), fc.json(), fc.string()), 600);
    const PER_SOCKET = 100; // below what one connection may send at once
    for (let from = 0; from < texts.length; from += PER_SOCKET) {
      const stranger = await openSocket(running, subprotocol);
      for (const text of texts.slice(from, from + PER_SOCKET)) stranger.send(text);
      stranger.send('the last');
      await vi.waitFor(() => expect(stranger.inbox.at(-1)).toSatisfy(isLastError), { timeout: 10_000, interval: 5 });
      expect(stranger.socket.readyState).toBe(stranger.socket.OPEN);
      // A viewer that joins is welcomed, gets duty and meets itself under other names; nothing multiplies.
      expect(stranger.inbox.length).toBeLessThan(PER_SOCKET * 10);
    }
    await expectService(running);
  });

  const isLastError = (message: Readonly<Record<string, unknown>> | undefined) =>
    message?.['failure reason'] === 'not a JSON object' || message?.reason === 'malformed';
});

function sendInFragments({ socket }: TestSocket, fragments: number): void {
  for (let sent = 0; sent < fragments; sent++) socket.send('x'.repeat(100), { fin: false });
}

/** Nearly right messages of both dialects. */
function anyMessage(): fc.Arbitrary<string> {
  const id = fc.oneof(fc.constant(binaryId('id')), fc.string({ minLength: 20, maxLength: 20 }), fc.jsonValue());
  const sdp = fc.record({ type: fc.constantFrom('offer', 'answer', 'x'), sdp: fc.oneof(fc.string(), fc.jsonValue()) });
  const torrent = fc.record(
    {
      action: fc.constantFrom('announce', 'scrape', 'answer'),
      info_hash: fc.oneof(id, fc.array(id)),
      peer_id: id,
      to_peer_id: id,
      offer_id: id,
      numwant: fc.oneof(fc.integer(), fc.jsonValue()),
      left: fc.jsonValue(),
      event: fc.oneof(fc.constantFrom('started', 'stopped', 'completed', 'update'), fc.jsonValue()),
      offers: fc.oneof(fc.array(fc.record({ offer: sdp, offer_id: id })), fc.jsonValue()),
      answer: fc.option(sdp),
    },
    { requiredKeys: ['action'] },
  );
  const nearcast = fc.record(
    {
      type: fc.constantFrom('join', 'update', 'want', 'unlink', 'signal', 'report', 'leave'),
      swarm: fc.oneof(fc.string(), fc.jsonValue()),
      engine: fc.constantFrom('swarm', 'webtorrent', 'other'),
      upload: fc.oneof(fc.boolean(), fc.jsonValue()),
      dutyBitsPerSecond: fc.oneof(fc.double(), fc.integer()),
      peers: fc.oneof(fc.integer(), fc.jsonValue()),
      peer: fc.oneof(fc.string(), fc.jsonValue()),
      because: fc.constantFrom('failed', 'closed', 'rejected', 'other'),
      to: fc.oneof(fc.string(), fc.jsonValue()),
      signal: fc.oneof(fc.record({ description: sdp }), fc.jsonValue()),
      report: fc.jsonValue(),
      token: fc.oneof(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: ['type'] },
  );
  return fc.oneof(torrent, nearcast).map((message) => JSON.stringify(message));
}

test('bytes that are no frame close the connection, and nobody else notices', async () => {
  const running = await openTracker();
  const garbage = fc.sample(fc.uint8Array({ minLength: 50, maxLength: 2000 }), 50);
  const ends = garbage.map((bytes) => {
    const socket = connect(running.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(
      'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    // RFC 6455 §5.2: reserved bits that nobody negotiated.
    socket.end(Buffer.concat([Buffer.from([0xf1]), bytes]));
    socket.resume();
    return new Promise((resolve) => socket.once('close', resolve));
  });
  await Promise.all(ends);
  await expectService(running);
});

test('a reader that is too slow is cut off, and who sends to it is not', async () => {
  const running = await openTracker();
  const slow = await openSocket(running);
  // As many peers as one connection may bring, so that nearly every offer goes to it.
  for (let peer = 0; peer < 32; peer++) slow.send(announce(`slow-${peer}`));
  await vi.waitFor(() => expect(slow.inbox).toHaveLength(32), { timeout: 10_000 });
  slow.socket.pause();
  const sdp = 'x'.repeat(15_000);
  const offers = Array.from({ length: 4 }, (_, index) => ({
    offer: { type: 'offer', sdp },
    offer_id: binaryId(`o-${index}`),
  }));
  const refusals = async () => await (await fetch(`http://127.0.0.1:${running.adminPort}/metrics`)).text();
  // More than loopback's buffers hold, with the 1 MiB that the tracker keeps: 4 × 200 × 60 kB.
  for (let sender = 0; sender < 4; sender++) {
    const fast = await openSocket(running);
    for (let count = 0; count < 200; count++) fast.send(announce(`fast-${sender}`, { numwant: 4, offers }));
    await vi.waitFor(() => expect(fast.inbox.filter(({ interval }) => interval)).toHaveLength(200), {
      timeout: 20_000,
    });
    expect(fast.socket.readyState).toBe(fast.socket.OPEN);
  }
  expect(await refusals()).toContain('refused_connections_total{reason="slow-reader"} 1');
  await expectService(running);
});

/** Time that stands still until it is told otherwise. */
function manualClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const waiting = new Set<{ at: number; run(): void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...waiting].filter(({ at }) => at <= now)) if (waiting.delete(timer)) timer.run();
    },
  };
}

test('half-open sockets are found out; who answers pings, or sends anything, stays', async () => {
  const clock = manualClock();
  const running = await openTracker({ pingInterval: 20 }, { clock, random: Math.random, epochMs: Date.now });
  const [dead, silent, busy] = [
    await openSocket(running, undefined, { autoPong: false }),
    await openSocket(running),
    await openSocket(running),
  ];
  const pings = { dead: 0, silent: 0, busy: 0 };
  for (const [name, { socket }] of Object.entries({ dead, silent, busy })) {
    socket.on('ping', () => {
      pings[name as keyof typeof pings] += 1;
    });
  }
  for (let round = 0; round < 12; round++) {
    clock.advance(10_000);
    // Twice there and back: pings, and the pongs that answer them, have arrived by then.
    for (let trip = 0; trip < 2; trip++) {
      busy.send(announce('busy'));
      await busy.next();
    }
  }
  expect(await dead.closed).toBe(1006);
  expect([silent.socket.readyState, busy.socket.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  expect(pings).toEqual({ dead: 1, silent: 3, busy: 0 });
});

test('a clock that jumps neither lets a flood through nor shuts anybody out', async () => {
  const clock = manualClock();
  const running = await openTracker({}, { clock, random: Math.random, epochMs: Date.now });
  const a = await openSocket(running);
  clock.advance(-1_000_000);
  for (let count = 0; count < 300; count++) a.send(announce('a'));
  await vi.waitFor(() => expect(a.inbox.at(-1)).toMatchObject({ 'failure reason': 'too many messages' }), patience);
  expect(a.inbox.filter(({ interval }) => interval)).toHaveLength(250);
  a.inbox.length = 0;
  clock.advance(10_000);
  a.send(announce('a'));
  expect(await a.next()).toMatchObject({ interval: 120 });
});

test('memory does not grow with what was sent and went', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const clock = manualClock();
  const running = await openTracker({}, { clock, random: Math.random, epochMs: Date.now });
  async function flood(): Promise<number> {
    for (let visitor = 0; visitor < 20; visitor++) {
      const torrent = await openSocket(running);
      const viewer = await openSocket(running, 'nearcast.1');
      for (let count = 0; count < 30; count++) {
        const info_hash = binaryId(`${visitor}-${count}`);
        torrent.send(announce(`p-${visitor}`, { info_hash, offers: Array.from({ length: 10 }, () => ({})) }));
        torrent.send(announce(`p-${visitor}`, { info_hash }));
        torrent.send('x'.repeat(50_000));
        viewer.send({ ...join, swarm: `swarm ${visitor} ${count}`.repeat(50) });
      }
      viewer.send('the last');
      torrent.send({ action: 'dance' });
      await vi.waitFor(() => expect(viewer.inbox.at(-1)).toMatchObject({ type: 'error' }), { timeout: 10_000 });
      await vi.waitFor(() => expect(torrent.inbox).toHaveLength(91), { timeout: 10_000 });
      for (const { socket, inbox } of [torrent, viewer]) {
        socket.terminate();
        inbox.length = 0;
      }
    }
    await vi.waitFor(async () =>
      expect(await (await fetch(`http://127.0.0.1:${running.adminPort}/metrics`)).text()).toMatch(
        /nearcast_tracker_connections 0\n/,
      ),
    );
    // Of who left some things are remembered for a minute or two: whether the other end of an exchange agrees.
    for (let passed = 0; passed < 10; passed++) clock.advance(20_000);
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }
  await flood();
  const before = await flood();
  for (let round = 0; round < 3; round++) await flood();
  // 120 visitors later: a leak of one swarm's name each would be 3 MB.
  expect((await flood()) - before).toBeLessThan(1_500_000);
}, 60_000);
