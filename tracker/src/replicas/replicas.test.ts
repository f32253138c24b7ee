import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../clock.ts';
import { startTracker, type Tracker, type TrackerConfig } from '../server.ts';
import { type RedisServer, startRedis } from '../testing/redis-server.ts';
import { allSee, sumOf } from '../testing/replica-metrics.ts';
import { connectViewer, joinViewer, patience } from '../testing/test-viewer.ts';
import { expectWholeRing } from '../testing/whole-ring.ts';

import { RedisBus } from './redis-bus.ts';

vi.setConfig({ testTimeout: 60_000 });

let redis: RedisServer;
const trackers: Tracker[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await Promise.all(trackers.splice(0).map((tracker) => tracker.close()));
});

async function replica(more: Partial<TrackerConfig> = {}): Promise<Tracker> {
  const config = { port: 0, adminPort: 0, host: '127.0.0.1', redis: redis.url, ...more };
  const tracker = await startTracker(config);
  trackers.push(tracker);
  return tracker;
}

async function replicas(count: number): Promise<Tracker[]> {
  const started: Tracker[] = [];
  for (let index = 0; index < count; index++) started.push(await replica());
  await allSee(started, count);
  return started;
}

async function join({ port }: Tracker, swarm: string, address?: string) {
  const viewer = await joinViewer(port, swarm, address);
  sockets.push(viewer.socket);
  return viewer;
}

const ignore = () => undefined;
const offer = { description: { type: 'offer', sdp: 'v=0' } } as const;
const answer = { description: { type: 'answer', sdp: 'v=0' } } as const;

describe('viewers at several replicas', () => {
  test('meet, and their signals arrive', async () => {
    const [one, two] = (await replicas(2)) as [Tracker, Tracker];
    for (const swarm of ['kept by one', 'kept by the other', 'and one more']) {
      const a = await join(one, swarm);
      const b = await join(two, swarm);
      expect(await b.first('introduce')).toEqual({ type: 'introduce', peer: a.id, initiate: true, nearness: 'lan' });
      expect(await a.first('introduce')).toMatchObject({ peer: b.id, initiate: false });
      b.say({ type: 'signal', to: a.id, signal: offer });
      expect(await a.first('signal')).toEqual({ type: 'signal', from: b.id, signal: offer });
      a.say({ type: 'signal', to: b.id, signal: answer });
      expect(await b.first('signal')).toEqual({ type: 'signal', from: a.id, signal: answer });
      expect((await b.first('welcome')).viewers).toBe(2);
    }
    expect(await sumOf([one, two], 'nearcast_tracker_swarms')).toBe(3);
    expect(await sumOf([one, two], 'nearcast_tracker_relayed_total{kind="signal"}')).toBe(6);
  });

  test('are as near as at one: whoever keeps the swarm knows their LANs, and not their addresses', async () => {
    const trustedProxies = ['loopback'];
    const two = [await replica({ trustedProxies }), await replica({ trustedProxies })] as const;
    await allSee(two, 2);
    for (const swarm of ['one', 'another', 'a third']) {
      await join(two[0], swarm, '193.0.6.139');
      const colleague = await join(two[1], swarm, '193.0.6.139');
      const compatriot = await join(two[1], swarm, '193.0.14.129');
      expect(await colleague.first('introduce')).toMatchObject({ nearness: 'lan' });
      await vi.waitFor(() => expect(compatriot.all('introduce')).toHaveLength(2), patience);
      expect(compatriot.all('introduce').map(({ nearness }) => nearness)).toEqual(['region', 'region']);
    }
  });

  test('a swarm of 30 over three replicas has one ring, and keeps it when a fourth comes and goes', async () => {
    const three = await replicas(3);
    const viewers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => join(three[index % 3] as Tracker, 'thirty')),
    );
    await vi.waitFor(() => expectWholeRing(viewers), patience);
    expect(await sumOf(three, 'nearcast_tracker_swarms')).toBe(1);
    expect(await sumOf(three, 'nearcast_tracker_peers{dialect="nearcast"}')).toBe(30);
    const introductions = () => viewers.reduce((sum, viewer) => sum + viewer.all('introduce').length, 0);
    const pairs = () => viewers.flatMap(({ id, all }) => all('introduce').map(({ peer }) => [id, peer].sort().join()));
    // Whoever waits for an offer may hear of it a little later.
    await vi.waitFor(() => expect(introductions()).toBe(2 * new Set(pairs()).size), patience);
    const before = introductions();
    const fourth = await replica();
    await allSee([...three, fourth], 4);
    await fourth.drain();
    await allSee(three, 3);
    await vi.waitFor(async () => {
      expect(await sumOf(three, 'nearcast_tracker_peers{dialect="nearcast"}')).toBe(30);
      expectWholeRing(viewers);
    }, patience);
    expect(introductions()).toBe(before);
  });
});

test('a join through another replica takes two letters: one there, and one back with all that follows from it', async () => {
  const [one, two] = (await replicas(2)) as [Tracker, Tracker];
  await join(one, 'far swarm');
  const far = (await sumOf([one], 'nearcast_tracker_swarms')) === 1 ? two : one;
  const start = { commands: await sumOf([one, two], 'nearcast_tracker_redis_commands_total'), at: Date.now() };
  const joins = 20;
  for (let count = 0; count < joins; count++) await (await join(far, 'far swarm')).first('duty');
  const commands = (await sumOf([one, two], 'nearcast_tracker_redis_commands_total')) - start.commands;
  const leases = 2 * Math.ceil((Date.now() - start.at) / 1000 + 1);
  expect(commands).toBeGreaterThanOrEqual(2 * joins);
  expect(commands).toBeLessThanOrEqual(2 * joins + leases);
});

test('all replicas have one secret, and one that comes later has it too', async () => {
  const own = await startRedis();
  const events = { mail: ignore, membersChanged: ignore, blockedChanged: ignore, broken: ignore };
  const buses = ['first', 'second'].map(() => new RedisBus(own.url, events, { clock: systemClock, asked: ignore }));
  expect(await buses[0]?.secret('of the first')).toBe('of the first');
  expect(await buses[1]?.secret('of the second')).toBe('of the first');
  for (const bus of buses) bus.close();
  await own.kill();
});

test('a token for one use is used at all replicas, while it is valid', async () => {
  const own = await startRedis();
  const events = { mail: ignore, membersChanged: ignore, blockedChanged: ignore, broken: ignore };
  const buses = ['first', 'second'].map(() => new RedisBus(own.url, events, { clock: systemClock, asked: ignore }));
  await Promise.all(buses.map((bus) => bus.secret('')));
  const taken = await Promise.all(buses.map((bus) => bus.takeToken('token', 60_000)));
  expect(taken.toSorted()).toEqual([false, true]);
  expect(await buses[0]?.takeToken('brief', 1)).toBe(true);
  await vi.waitFor(async () => expect(await buses[1]?.takeToken('brief', 1)).toBe(true), patience);
  for (const bus of buses) bus.close();
  await own.kill();
});

test('what is blocked at one replica is blocked at all, and at one that starts later', async () => {
  const [one, two] = (await replicas(2)) as [Tracker, Tracker];
  const ask = ({ adminPort }: Tracker, method: string) =>
    fetch(`http://127.0.0.1:${adminPort}/api/blocked`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ swarm: 'taken down' }),
    });
  const viewers = [await join(one, 'taken down'), await join(two, 'taken down')];
  expect((await ask(one, 'POST')).status).toBe(204);
  for (const viewer of viewers) await viewer.first('blocked');
  const third = await replica();
  const late = await connectViewer(third.port);
  sockets.push(late.socket);
  await vi.waitFor(async () => {
    late.say({ type: 'join', swarm: 'taken down', engine: 'swarm', upload: true });
    expect(late.heard.at(-1)).toEqual({ type: 'blocked' });
  }, patience);
  expect((await ask(third, 'DELETE')).status).toBe(204);
  await vi.waitFor(async () => {
    const response = await fetch(`http://127.0.0.1:${two.adminPort}/api/blocked`);
    expect(await response.json()).toEqual({ swarms: [] });
  }, patience);
});

describe('peers of the WebTorrent dialect at several replicas', () => {
  const infoHash = 'infohash-infohash-20';
  const id = (name: string) => name.padEnd(20, '-');
  const announce = (name: string, more: object = {}) =>
    JSON.stringify({ action: 'announce', info_hash: infoHash, peer_id: id(name), numwant: 5, ...more });

  async function connect({ port }: Tracker) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    sockets.push(socket);
    const inbox: Record<string, unknown>[] = [];
    socket.on('message', (data) => inbox.push(JSON.parse(String(data))));
    await once(socket, 'open');
    return { socket, inbox };
  }
  const found = (peer: { inbox: Record<string, unknown>[] }, shape: Record<string, unknown>) =>
    vi.waitFor(() => expect(peer.inbox).toContainEqual(expect.objectContaining(shape)), patience);

  test('get offers and answers, are counted once, and are gone when their socket is', async () => {
    const [one, two] = (await replicas(2)) as [Tracker, Tracker];
    const [a, b] = [await connect(one), await connect(two)];
    a.socket.send(announce('a'));
    await found(a, { incomplete: 1 });
    const offers = [{ offer: { type: 'offer', sdp: 'of b' }, offer_id: id('o') }];
    b.socket.send(announce('b', { offers }));
    await found(a, { peer_id: id('b'), offer_id: id('o'), offer: { type: 'offer', sdp: 'of b' } });
    a.socket.send(announce('a', { to_peer_id: id('b'), offer_id: id('o'), answer: { type: 'answer', sdp: 'of a' } }));
    await found(b, { peer_id: id('a'), answer: { type: 'answer', sdp: 'of a' } });
    expect(await sumOf([one, two], 'nearcast_tracker_peers{dialect="webtorrent"}')).toBe(2);
    // Nobody else can speak for a peer, wherever it is connected.
    b.socket.send(announce('a', { event: 'stopped' }));
    await found(b, { 'failure reason': 'this peer_id belongs to another connection' });
    b.socket.send(JSON.stringify({ action: 'scrape', info_hash: [infoHash] }));
    await found(b, { action: 'scrape', files: { [infoHash]: { complete: 0, incomplete: 2, downloaded: 0 } } });
    b.socket.close();
    await vi.waitFor(
      async () => expect(await sumOf([one, two], 'nearcast_tracker_peers{dialect="webtorrent"}')).toBe(1),
      patience,
    );
  });

  test('stay in their swarm when its keeper changes', async () => {
    const [one, two] = (await replicas(2)) as [Tracker, Tracker];
    const peers = await Promise.all([connect(one), connect(two)]);
    for (const [index, peer] of peers.entries()) {
      peer.socket.send(announce(`p${index}`));
      await found(peer, { incomplete: index + 1 });
    }
    const more: Tracker[] = [];
    for (let count = 3; count <= 5; count++) {
      more.push(await replica());
      await allSee([one, two, ...more], count);
    }
    await vi.waitFor(
      async () => expect(await sumOf([one, two, ...more], 'nearcast_tracker_peers{dialect="webtorrent"}')).toBe(2),
      patience,
    );
    expect(await sumOf([one, two, ...more], 'nearcast_tracker_torrent_swarms')).toBe(1);
  });
});
