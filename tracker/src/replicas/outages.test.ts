import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { startTracker, type Tracker } from '../server.ts';
import { type RedisServer, startRedis } from '../testing/redis-server.ts';
import { allSee, sumOf } from '../testing/replica-metrics.ts';
import { joinViewer, patience, type TestViewer } from '../testing/test-viewer.ts';
import { startTrackerProcess, type TrackerProcess } from '../testing/tracker-process.ts';
import { expectWholeRing } from '../testing/whole-ring.ts';

vi.setConfig({ testTimeout: 60_000 });

const anyPort = { port: 0, adminPort: 0, host: '127.0.0.1' };
const cleanUp: (() => Promise<void>)[] = [];
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

async function redisServer(): Promise<RedisServer> {
  const redis = await startRedis();
  cleanUp.push(() => redis.kill());
  return redis;
}

async function join({ port }: { port: number }, swarm: string) {
  const viewer = await joinViewer(port, swarm);
  sockets.push(viewer.socket);
  return viewer;
}

type Viewer = Awaited<ReturnType<typeof join>>;

const offer = { description: { type: 'offer', sdp: 'v=0' } } as const;

/** Sent again until it arrives: what is sent while nobody keeps the swarm is lost, and players try again too. */
async function expectSignals(from: Viewer, to: Viewer): Promise<void> {
  const before = to.all('signal').length;
  await vi.waitFor(() => {
    from.say({ type: 'signal', to: to.id, signal: offer });
    expect(to.all('signal').slice(before)).toContainEqual({ type: 'signal', from: from.id, signal: offer });
  }, patience);
}

const introducedTwice = (viewer: TestViewer) => {
  const peers = viewer.all('introduce').map(({ peer }) => peer);
  return peers.filter((peer, index) => peers.indexOf(peer) !== index);
};

test('one of three is killed: its viewers come back elsewhere, the others notice nothing', async () => {
  const redis = await redisServer();
  const replicas: TrackerProcess[] = [];
  for (let count = 0; count < 3; count++) {
    const replica = await startTrackerProcess('--redis', redis.url);
    cleanUp.push(() => replica.end('SIGKILL'));
    replicas.push(replica);
  }
  await allSee(replicas, 3);
  const viewers: (Viewer & { at: TrackerProcess })[] = [];
  for (let count = 0; count < 9; count++) {
    const at = replicas[count % 3] as TrackerProcess;
    viewers.push({ ...(await join(at, 'movie')), at });
  }
  const kept = await Promise.all(replicas.map((replica) => sumOf([replica], 'nearcast_tracker_swarms')));
  const keeper = replicas[kept.indexOf(1)] as TrackerProcess;
  const survivors = replicas.filter((replica) => replica !== keeper);
  await keeper.end('SIGKILL');

  const stayed = viewers.filter(({ at }) => at !== keeper);
  await expectSignals(stayed[0] as Viewer, stayed[1] as Viewer);
  const back = await Promise.all([0, 1, 0].map((at) => join(survivors[at] as TrackerProcess, 'movie')));
  await allSee(survivors, 2);
  await vi.waitFor(async () => {
    expect(await sumOf(survivors, 'nearcast_tracker_peers{dialect="nearcast"}')).toBe(9);
    expect(await sumOf(survivors, 'nearcast_tracker_swarms')).toBe(1);
    expectWholeRing([...stayed, ...back]);
  }, patience);
  for (const viewer of stayed) {
    expect(viewer.socket.readyState).toBe(viewer.socket.OPEN);
    expect(introducedTwice(viewer)).toEqual([]);
  }
  for (const viewer of back) await viewer.first('introduce');
});

test('Redis is away: each goes on alone, losses are counted, and they are one again when it is back', async () => {
  const redis = await redisServer();
  const [one, two] = (await Promise.all([1, 2].map(() => replica(redis)))) as [Tracker, Tracker];
  await allSee([one, two], 2);
  const [a, b] = [await join(one, 'movie'), await join(two, 'movie')];
  await expectSignals(a, b);
  await expectSignals(b, a);

  await redis.kill();
  await vi.waitFor(async () => {
    a.say({ type: 'signal', to: b.id, signal: offer });
    b.say({ type: 'signal', to: a.id, signal: offer });
    expect(await sumOf([one, two], 'nearcast_tracker_relay_lost_total')).toBeGreaterThan(0);
  }, patience);
  await vi.waitFor(async () => expect(await sumOf([one, two], 'nearcast_tracker_redis_up')).toBe(0), patience);
  await allSee([one, two], 1);
  const dropped = () => sumOf([one, two], 'nearcast_tracker_dropped_signals_total{because="alone"}');
  const before = await dropped();
  a.say({ type: 'signal', to: b.id, signal: offer });
  await vi.waitFor(async () => expect(await dropped()).toBe(before + 1), patience);
  const [c, d] = [await join(one, 'movie'), await join(one, 'movie')];
  expect((await d.first('introduce')).peer).not.toBe(b.id);
  await expectSignals(c, d);
  // Each island has all of the ring.
  await vi.waitFor(() => {
    expectWholeRing([a, c, d]);
    expectWholeRing([b]);
  }, patience);
  expect((await fetch(`http://127.0.0.1:${one.adminPort}/readyz`)).status).toBe(200);

  await redis.start();
  await allSee([one, two], 2);
  expect(await sumOf([one, two], 'nearcast_tracker_redis_up')).toBe(2);
  await vi.waitFor(() => expectWholeRing([a, b, c, d]), patience);
  await vi.waitFor(() => expect(b.all('introduce').map(({ peer }) => peer)).toContain(c.id), patience);
  await expectSignals(a, b);
  await expectSignals(b, c);
  for (const viewer of [a, b, c, d]) {
    expect(viewer.socket.readyState).toBe(viewer.socket.OPEN);
    expect(introducedTwice(viewer)).toEqual([]);
  }
});

test('without Redis at the start it is a tracker of its own, and one of several when Redis comes', async () => {
  const redis = await redisServer();
  await redis.kill();
  const [one, two] = (await Promise.all([1, 2].map(() => replica(redis)))) as [Tracker, Tracker];
  const [a, b] = [await join(one, 'movie'), await join(two, 'movie')];
  expectWholeRing([a]);
  expectWholeRing([b]);
  await redis.start();
  await allSee([one, two], 2);
  await expectSignals(a, b);
});

test('Redis that hangs is away too', async () => {
  const redis = await redisServer();
  const [one, two] = (await Promise.all([1, 2].map(() => replica(redis)))) as [Tracker, Tracker];
  await allSee([one, two], 2);
  redis.freeze();
  await allSee([one, two], 1);
  const [a, b] = [await join(one, 'movie'), await join(two, 'movie')];
  redis.thaw();
  await allSee([one, two], 2);
  await expectSignals(a, b);
});

test('a host that accepts connections and says nothing keeps no tracker from starting', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  cleanUp.push(async () => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const alone = await startTracker({ ...anyPort, redis: `redis://127.0.0.1:${port}` });
  cleanUp.push(() => alone.close());
  expectWholeRing([await join(alone, 'movie')]);
});

test('a drained replica sends its viewers away in time, and its swarms to others', async () => {
  const redis = await redisServer();
  const drainSeconds = 1;
  const [one, two] = (await Promise.all([1, 2].map(() => replica(redis, { drainSeconds })))) as [Tracker, Tracker];
  await allSee([one, two], 2);
  const leaving = [await join(one, 'movie'), await join(one, 'movie'), await join(one, 'movie')];
  const [e, f] = [await join(two, 'movie'), await join(two, 'movie')];
  await vi.waitFor(() => expect(f.all('introduce').length).toBe(4), patience);
  const closes = leaving.map(({ socket }) => once(socket, 'close'));
  const drained = one.drain();
  expect((await fetch(`http://127.0.0.1:${one.adminPort}/readyz`)).status).toBe(503);
  for (const [index, viewer] of leaving.entries()) {
    const { afterMs } = await viewer.first('reconnect');
    expect(afterMs).toBeLessThanOrEqual(2000);
    expect((await closes[index])?.[0]).toBe(1012);
  }
  await drained;
  await allSee([two], 1);
  const back = await Promise.all(leaving.map(() => join(two, 'movie')));
  await vi.waitFor(() => expectWholeRing([e, f, ...back]), patience);
  await expectSignals(e, f);
  expect(introducedTwice(e)).toEqual([]);
});

async function replica(redis: RedisServer, more: object = {}): Promise<Tracker> {
  const tracker = await startTracker({ ...anyPort, redis: redis.url, ...more });
  cleanUp.push(() => tracker.close());
  return tracker;
}
