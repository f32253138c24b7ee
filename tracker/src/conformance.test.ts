import { describe, expect, test, vi } from 'vitest';
import { patience } from './testing/test-viewer.ts';
import { announce, answer, binaryId, infoHash, offer, openSocket, openTracker } from './testing/tracker-sockets.ts';

/**
 * What stock clients of the WebTorrent protocol rely on, and what they must be kept from, against the real tracker over real
 * sockets. The behaviours are those of bittorrent-tracker's client, p2p-media-loader and libtorrent.
 */

const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
const binaryHashes = Array.from({ length: 13 }, (_, index) => everyByte.slice(index * 19, index * 19 + 20)).map(
  (hash) => hash.padEnd(20, '\u00ff'),
);

describe('1. ids of any bytes', () => {
  test.each([...binaryHashes, 'QUJDREVGR0hJSktMTU5P'])('%j comes back byte by byte', async (hash) => {
    const running = await openTracker();
    const [a, b] = [await openSocket(running), await openSocket(running)];
    a.send(announce('a', { info_hash: hash, peer_id: hash }));
    expect(await a.next()).toMatchObject({ info_hash: hash });
    const offers = [{ offer: { type: 'offer', sdp: 'v=0' }, offer_id: hash }];
    b.send(announce('b', { info_hash: hash, numwant: 1, offers }));
    expect(await a.next()).toMatchObject({ info_hash: hash, peer_id: binaryId('b'), offer_id: hash });
    a.send({ ...answer('a', 'b', ''), info_hash: hash, peer_id: hash, offer_id: hash });
    expect(await b.next()).toMatchObject({ incomplete: 2 });
    expect(await b.next()).toMatchObject({
      info_hash: hash,
      peer_id: hash,
      offer_id: hash,
      answer: { type: 'answer' },
    });
  });
});

test('2. an announce without an event from an unknown peer is its start', async () => {
  const a = await openSocket(await openTracker());
  a.send(announce('a'));
  expect(await a.next()).toEqual({
    action: 'announce',
    info_hash: infoHash,
    interval: 120,
    complete: 0,
    incomplete: 1,
  });
});

test('3. one socket brings several peers into several swarms; when it closes all are gone', async () => {
  const running = await openTracker();
  const [a, b] = [await openSocket(running), await openSocket(running)];
  const swarms = Array.from({ length: 5 }, (_, index) => binaryId(`swarm-${index}`));
  for (const info_hash of swarms) {
    for (const peer of ['main', 'audio']) {
      a.send(announce(peer, { info_hash }));
      expect(await a.next()).toMatchObject({ info_hash });
    }
  }
  const counts = (incomplete: number) =>
    Object.fromEntries(swarms.map((swarm) => [swarm, { complete: 0, incomplete, downloaded: 0 }]));
  b.send({ action: 'scrape', info_hash: swarms });
  expect(await b.next()).toEqual({ action: 'scrape', files: counts(2) });
  a.socket.close();
  await vi.waitFor(async () => {
    b.send({ action: 'scrape', info_hash: swarms });
    expect(await b.next()).toEqual({ action: 'scrape', files: counts(0) });
  });
});

test('4. a peer id from another socket cannot evict its peer, stop it, or answer for it', async () => {
  const running = await openTracker();
  const [a, thief, b] = [await openSocket(running), await openSocket(running), await openSocket(running)];
  a.send(announce('a'));
  await a.next();
  for (const more of [{}, { event: 'stopped' }, { event: 'completed', left: 0 }]) {
    thief.send(announce('a', more));
    expect(await thief.next()).toMatchObject({ info_hash: infoHash, 'failure reason': expect.any(String) });
  }
  b.send(announce('b', { numwant: 1, offers: [offer('o')] }));
  expect(await b.next()).toMatchObject({ complete: 0, incomplete: 2 });
  expect(await a.next()).toMatchObject({ offer_id: binaryId('o') });
  thief.send(answer('a', 'b', 'o'));
  thief.send(announce('a'));
  expect(await thief.next()).toMatchObject({ 'failure reason': expect.any(String) });
  a.send(answer('a', 'b', 'o'));
  expect(await b.next()).toMatchObject({ peer_id: binaryId('a'), answer: { sdp: 'sdp of a' } });
  expect(b.inbox).toEqual([]);
});

test('5. an answer to an offer that was never passed on is dropped, and the socket stays', async () => {
  const running = await openTracker();
  const [a, b, c] = [await openSocket(running), await openSocket(running), await openSocket(running)];
  for (const [socket, name] of [
    [a, 'a'],
    [c, 'c'],
  ] as const) {
    socket.send(announce(name));
    await socket.next();
  }
  b.send(announce('b', { numwant: 2, offers: [offer('o1'), offer('o2')] }));
  await b.next();
  const { offer_id } = await c.next();
  const other = offer_id === binaryId('o1') ? 'o2' : 'o1';
  // An offer that went to somebody else, one that nobody made, a peer that is not there, another swarm.
  c.send(answer('c', 'b', other));
  c.send(answer('c', 'b', 'invented'));
  c.send(answer('c', 'nobody', other));
  c.send({ ...answer('c', 'b', String(offer_id)), info_hash: binaryId('elsewhere') });
  c.send(announce('c'));
  expect(await c.next()).toMatchObject({ incomplete: 3 });
  expect(b.inbox).toEqual([]);
  c.send(answer('c', 'b', String(offer_id)));
  expect(await b.next()).toMatchObject({ peer_id: binaryId('c'), offer_id });
  // Once is enough.
  c.send(answer('c', 'b', String(offer_id)));
  c.send(announce('c'));
  await c.next();
  expect(b.inbox).toEqual([]);
});

describe('6. replies', () => {
  test.each([
    ['offers: []', { offers: [], event: 'started' }],
    ['no numwant', { offers: [offer('o')] }],
    ['left: null', { left: null }],
    ['event: ""', { event: '' }],
    ['event: "empty"', { event: 'empty' }],
    ['event: "update"', { event: 'update' }],
    ['event: "paused"', { event: 'paused' }],
    ['further fields of libtorrent', { key: 'abc', corrupt: 0, trackerid: 'x' }],
  ])('%s', async (_name, more) => {
    const a = await openSocket(await openTracker());
    a.send(announce('a', more));
    expect(await a.next()).toMatchObject({ interval: 120, complete: 0, incomplete: 1 });
  });

  test('to completed, to stopped, and to a scrape', async () => {
    const a = await openSocket(await openTracker());
    a.send(announce('a', { event: 'completed', left: 0 }));
    expect(await a.next()).toMatchObject({ interval: 120, complete: 1, incomplete: 0 });
    a.send({ action: 'scrape', info_hash: infoHash });
    expect(await a.next()).toEqual({
      action: 'scrape',
      files: { [infoHash]: { complete: 1, incomplete: 0, downloaded: 1 } },
    });
    a.send(announce('a', { event: 'stopped' }));
    expect(await a.next()).toMatchObject({ interval: 120, complete: 0, incomplete: 0 });
  });
});

describe('7. an error names action and info_hash, and does not close', () => {
  test.each([
    ['an unknown event', announce('a', { event: 'dance' }), infoHash],
    ['a wrong peer id', announce('a', { peer_id: 'short' }), infoHash],
    ['offers that are none', announce('a', { offers: [1] }), infoHash],
    ['a wrong infohash', announce('a', { info_hash: 7 }), ''],
    ['an unknown action', { action: 'dance', info_hash: infoHash }, infoHash],
    ['a scrape of everything', { action: 'scrape' }, ''],
    ['no JSON', '{"action":', ''],
  ])('%s', async (_name, message, info_hash) => {
    const a = await openSocket(await openTracker());
    a.send(message);
    const action =
      typeof message === 'object' && 'action' in message && message.action === 'scrape' ? 'scrape' : 'announce';
    expect(await a.next()).toEqual({ action, info_hash, 'failure reason': expect.any(String) });
    a.send(announce('a'));
    expect(await a.next()).toMatchObject({ incomplete: 1 });
  });
});

test('8. offers go to others, each to one, and over time to all of them', async () => {
  const running = await openTracker();
  const others = await Promise.all(Array.from({ length: 8 }, () => openSocket(running)));
  for (const [index, other] of others.entries()) {
    other.send(announce(`other-${index}`));
    await other.next();
  }
  const a = await openSocket(running);
  const ROUNDS = 40;
  for (let round = 0; round < ROUNDS; round++) {
    a.send(announce('a', { numwant: 5, offers: Array.from({ length: 5 }, (_, index) => offer(`${round}-${index}`)) }));
    expect(await a.next()).toMatchObject({ incomplete: 9 });
  }
  const offerIds = () => others.flatMap(({ inbox }) => inbox.map(({ offer_id }) => offer_id));
  await vi.waitFor(() => expect(offerIds()).toHaveLength(5 * ROUNDS), patience);
  expect(new Set(offerIds()).size).toBe(5 * ROUNDS);
  expect(a.inbox).toEqual([]);
  // 25 each in the mean: fewer than 8 would be one in ten million.
  for (const { inbox } of others) expect(inbox.length).toBeGreaterThan(7);
});

describe('9. too much of it', () => {
  test('more offers than are read: ten are passed on, the announce is answered', async () => {
    const running = await openTracker();
    const others = await Promise.all(Array.from({ length: 12 }, () => openSocket(running)));
    for (const [index, other] of others.entries()) {
      other.send(announce(`other-${index}`));
      await other.next();
    }
    const a = await openSocket(running);
    a.send(announce('a', { numwant: 50, offers: Array.from({ length: 50 }, (_, index) => offer(`o-${index}`)) }));
    expect(await a.next()).toMatchObject({ incomplete: 13 });
    for (const other of others) {
      other.send({ action: 'scrape', info_hash: infoHash });
    }
    await vi.waitFor(() => expect(others.every(({ inbox }) => inbox.at(-1)?.action === 'scrape')).toBe(true), patience);
    expect(others.flatMap(({ inbox }) => inbox.filter(({ offer_id }) => offer_id !== undefined))).toHaveLength(10);
  });

  test.each([
    ['an SDP of more than 16 KiB', announce('a', { offers: [offer('o', 'x'.repeat(16 * 1024 + 1))] })],
    ['an id with a character of two bytes', announce('a', { peer_id: `${'a'.repeat(19)}Ā` })],
    ['JSON of 30,000 levels', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['deep JSON in a field', `{"action":"announce","info_hash":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`],
  ])('%s is refused, and the socket stays', async (_name, message) => {
    const a = await openSocket(await openTracker());
    a.send(message);
    expect(await a.next()).toMatchObject({ 'failure reason': expect.any(String) });
    a.send(announce('a'));
    expect(await a.next()).toMatchObject({ incomplete: 1 });
  });

  test('a million offers in one announce close with 1009', async () => {
    const a = await openSocket(await openTracker());
    a.send(announce('a', { offers: Array.from({ length: 1_000_000 }, () => 0) }));
    expect(await a.closed).toBe(1009);
  });
});
