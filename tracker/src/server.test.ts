import { once } from 'node:events';
import { emptyReport } from '@nearcast/protocol';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTracker, type Tracker, type TrackerConfig } from './server.ts';
import { patience } from './testing/test-viewer.ts';

const infoHash = 'infohash-infohash-20';
const peer = (name: string) => name.padEnd(20, '-');

let tracker: Tracker | undefined;
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await tracker?.close();
  tracker = undefined;
});

async function start(config: Partial<TrackerConfig> = {}): Promise<Tracker> {
  tracker = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', ...config });
  return tracker;
}

/** A client that keeps what it receives, and can wait for the next message. */
async function connect({ port }: Tracker, subprotocol?: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, subprotocol === undefined ? [] : [subprotocol]);
  sockets.push(socket);
  const inbox: Record<string, unknown>[] = [];
  socket.on('message', (data) => inbox.push(JSON.parse(String(data))));
  await once(socket, 'open');
  return {
    socket,
    inbox,
    send: (message: object | string) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: () => vi.waitFor(() => inbox.shift() ?? expect.fail('no message yet')),
  };
}

async function get({ adminPort }: Tracker, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
  return { status: response.status, text: await response.text() };
}

const announce = (name: string, more: object = {}) => ({
  action: 'announce',
  info_hash: infoHash,
  peer_id: peer(name),
  numwant: 5,
  uploaded: 0,
  downloaded: 0,
  ...more,
});
const offer = (name: string) => ({ offer: { type: 'offer', sdp: `sdp of ${name}` }, offer_id: peer(`o-${name}`) });

describe('WebTorrent dialect', () => {
  test('an offer and its answer reach the right sockets', async () => {
    const running = await start();
    const [a, b] = [await connect(running), await connect(running)];
    a.send(announce('a', { event: 'started' }));
    expect(await a.next()).toEqual({
      action: 'announce',
      interval: 120,
      info_hash: infoHash,
      complete: 0,
      incomplete: 1,
    });
    b.send(announce('b', { offers: [offer('b')] }));
    expect(await b.next()).toMatchObject({ incomplete: 2 });
    expect(await a.next()).toEqual({
      action: 'announce',
      info_hash: infoHash,
      peer_id: peer('b'),
      offer_id: peer('o-b'),
      offer: { type: 'offer', sdp: 'sdp of b' },
    });
    a.send(announce('a', { to_peer_id: peer('b'), offer_id: peer('o-b'), answer: { type: 'answer', sdp: 'mine' } }));
    expect(await b.next()).toMatchObject({ peer_id: peer('a'), answer: { type: 'answer', sdp: 'mine' } });
    const { text } = await get(running, '/metrics');
    expect(text).toContain('nearcast_tracker_relayed_total{kind="offer"} 1');
    expect(text).toContain('nearcast_tracker_relayed_total{kind="answer"} 1');
    expect(text).toContain('nearcast_tracker_peers{dialect="webtorrent"} 2');
  });

  test('malformed input gets an error that keeps a stock client connected, and nothing else', async () => {
    const running = await start();
    const a = await connect(running);
    for (const nonsense of ['{', '[]', '{"action":"dance"}', JSON.stringify(announce('a', { info_hash: 'x' }))]) {
      a.send(nonsense);
      expect(await a.next()).toEqual({
        action: 'announce',
        info_hash: expect.any(String),
        'failure reason': expect.any(String),
      });
    }
    a.send(announce('a'));
    expect(await a.next()).toMatchObject({ incomplete: 1 });
    expect((await get(running, '/metrics')).text).toContain('{dialect="webtorrent",outcome="malformed"} 4');
  });

  test('a closed socket takes its peers out of the swarm', async () => {
    const running = await start();
    const [a, b] = [await connect(running), await connect(running)];
    a.send(announce('a'));
    await a.next();
    a.socket.close();
    await vi.waitFor(async () => {
      b.send(announce('b'));
      expect(await b.next()).toMatchObject({ incomplete: 1 });
    });
  });

  test('a message beyond 64 KiB closes the connection with 1009', async () => {
    const a = await connect(await start());
    a.send('x'.repeat(64 * 1024 + 1));
    const [code] = await once(a.socket, 'close');
    expect(code).toBe(1009);
  });

  test('a flood is answered once and then closed with 1008', async () => {
    const running = await start();
    const a = await connect(running);
    const closed = once(a.socket, 'close');
    const startedAt = performance.now();
    // As fast as it goes, for as long as it takes: how many the tracker allows depends on how long that is.
    while (a.socket.readyState === WebSocket.OPEN) {
      for (let count = 0; count < 500; count++) a.send('{}');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [code] = await closed;
    expect(code).toBe(1008);
    // At each message that the rate allows, 50 a second, a new run of dropped ones may begin.
    const mostRuns = 2 + (performance.now() - startedAt) / 20;
    const answers = a.inbox.filter((message) => message['failure reason'] === 'too many messages');
    expect(answers.length).toBeLessThan(mostRuns);
    expect((await get(running, '/metrics')).text).toContain('refused_connections_total{reason="flood"} 1');
  });

  test('connections beyond the limit are turned away with 1013', async () => {
    const running = await start({ maxConnections: 1 });
    await connect(running);
    const late = await connect(running);
    const [code] = await once(late.socket, 'close');
    expect(code).toBe(1013);
  });
});

describe('Nearcast dialect', () => {
  const report = {
    ...emptyReport,
    coversMs: 1000,
    peerBytes: 3000,
    edgeBytes: 1000,
    uploadedBytes: 500,
    stalls: 1,
    connectedPeers: 2,
    startupMs: 400,
  };
  const join = { type: 'join', swarm: 'https://site/movie.m3u8', engine: 'swarm', upload: true };

  test('a joined viewer is welcomed, and its report is counted', async () => {
    const contentLabels = [{ pattern: '*/movie*', label: 'movies' }];
    const running = await start({ reportInterval: 5, contentLabels });
    const viewer = await connect(running, 'nearcast.1');
    viewer.send(join);
    expect(await viewer.next()).toEqual({
      type: 'welcome',
      viewer: expect.any(String),
      reportEveryMs: 5000,
      viewers: 1,
      keys: [],
      iceServers: [],
    });
    const peer = await connect(running, 'nearcast.1');
    peer.send(join);
    await vi.waitFor(() => expect(peer.inbox).toContainEqual(expect.objectContaining({ type: 'introduce' })), patience);
    peer.send({ type: 'report', report: { ...emptyReport, uploadedBytes: 2500 } });
    await vi.waitFor(
      async () => expect((await get(running, '/metrics')).text).toContain('{outcome="counted"} 1'),
      patience,
    );
    viewer.send({ type: 'report', report });
    await vi.waitFor(async () => {
      const { text } = await get(running, '/metrics');
      const movie = 'content="movies",region="other"';
      // Nobody says that he sent more.
      expect(text).toContain(`nearcast_player_delivered_bytes_total{source="peer",${movie}} 2500`);
      expect(text).toContain(`nearcast_player_delivered_bytes_total{source="edge",${movie}} 1000`);
      expect(text).toContain(`nearcast_player_stalls_total{mode="edge-only",${movie}} 1`);
      expect(text).toContain(`nearcast_player_startup_seconds_count{mode="edge-only",${movie}} 1`);
      expect(text).toContain('nearcast_tracker_peers{dialect="nearcast"} 2');
    });
  });

  test('a viewer that claims ten times as much moves no total beyond what the other end tells', async () => {
    const running = await start({ reportInterval: 1 });
    const [liar, honest] = [await connect(running, 'nearcast.1'), await connect(running, 'nearcast.1')];
    liar.send(join);
    const { viewer: liarsName } = await liar.next();
    honest.send(join);
    const { viewer: honestName } = await honest.next();
    const tell = (peerBytes: number, peer: unknown) => {
      const links = [{ peer, receivedBytes: peerBytes, sentBytes: peerBytes }];
      return { type: 'report', report: { ...emptyReport, peerBytes, uploadedBytes: peerBytes, links } };
    };
    liar.send(tell(30_000, honestName));
    honest.send(tell(3_000, liarsName));
    const sum = (text: string, name: string) =>
      [...text.matchAll(new RegExp(`^nearcast_${name}.* (\\d+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
    const disagreement = 'tracker_report_disagreement_bytes_total{between="named"';
    // The claims have had their time, both ends.
    await vi.waitFor(async () => expect(sum((await get(running, '/metrics')).text, disagreement)).toBe(2 * 27_000), {
      timeout: 30_000,
      interval: 100,
    });
    liar.send(tell(0, honestName));
    await vi.waitFor(async () => {
      const { text } = await get(running, '/metrics');
      expect(sum(text, 'player_delivered_bytes_total{source="peer"')).toBe(2 * 3_000);
      expect(sum(text, 'player_uploaded_bytes_total')).toBe(2 * 3_000);
    });
  }, 40_000);

  test('a blocked swarm ends at once, lets nobody in, and comes back when it is unblocked', async () => {
    const running = await start({ adminToken: 'secret' });
    const viewer = await connect(running, 'nearcast.1');
    viewer.send(join);
    await viewer.next();
    const ask = (method: string, body: object, token = 'secret') =>
      fetch(`http://127.0.0.1:${running.adminPort}/api/blocked`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      });
    expect((await ask('POST', { swarm: join.swarm }, 'guessed')).status).toBe(401);
    expect((await ask('POST', { swarm: 7 })).status).toBe(400);
    expect((await ask('POST', { swarm: join.swarm })).status).toBe(204);
    await vi.waitFor(() => expect(viewer.inbox.at(-1)).toEqual({ type: 'blocked' }), patience);
    expect(await (await ask('GET', {})).json()).toEqual({ swarms: [join.swarm] });
    // What it still reports is no error of its.
    viewer.send({ type: 'report', report });
    const late = await connect(running, 'nearcast.1');
    late.send(join);
    expect(await late.next()).toEqual({ type: 'blocked' });
    expect(viewer.inbox.filter(({ type }) => type === 'error')).toEqual([]);
    expect((await ask('DELETE', { swarm: join.swarm })).status).toBe(204);
    expect((await ask('DELETE', { swarm: join.swarm })).status).toBe(404);
    late.send(join);
    expect(await late.next()).toMatchObject({ type: 'welcome', viewers: 1 });
  });

  test('a report without a join, and nonsense, get an error and keep the connection', async () => {
    const running = await start();
    const viewer = await connect(running, 'nearcast.1');
    viewer.send({ type: 'report', report });
    expect(await viewer.next()).toMatchObject({ type: 'error', reason: 'not-joined' });
    viewer.send('nonsense');
    expect(await viewer.next()).toMatchObject({ type: 'error', reason: 'malformed' });
    viewer.send({ type: 'report', report: { ...report, peerBytes: -1 } });
    expect(await viewer.next()).toMatchObject({ type: 'error', reason: 'malformed' });
    viewer.send(join);
    expect(await viewer.next()).toMatchObject({ type: 'welcome' });
  });
});

describe('[S10] a tracker that wants tokens', () => {
  const secret = Buffer.alloc(32, 5);
  const now = Math.floor(Date.now() / 1000);
  const tokenFor = (swarm: string, seconds = 60) =>
    new SignJWT({ swarm, exp: now + seconds, region: 'eu' }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  const join = { type: 'join', swarm: 'movie', engine: 'swarm', upload: true };

  test('lets in who shows one for this swarm, and counts the others', async () => {
    const running = await start({ tokenKey: [secret.toString('hex')] });
    const viewer = await connect(running, 'nearcast.1');
    viewer.send({ ...join, token: await tokenFor('movie') });
    viewer.send({ type: 'renew', token: await tokenFor('movie', 300) });
    const welcome = await viewer.next();
    expect(welcome).toMatchObject({ type: 'welcome', viewers: 1 });
    expect(welcome.tokenExpiresInMs).toBeGreaterThan(50_000);
    expect(await viewer.next()).toMatchObject({ type: 'duty' });
    expect(await viewer.next()).toEqual({ type: 'renewed', tokenExpiresInMs: expect.any(Number) });
    const thief = await connect(running, 'nearcast.1');
    thief.send({ ...join, swarm: 'other', token: await tokenFor('movie') });
    expect(await thief.next()).toMatchObject({ type: 'error', reason: 'unauthorised' });
    thief.send(join);
    expect(await thief.next()).toMatchObject({ type: 'error', reason: 'unauthorised' });
    const { text } = await get(running, '/metrics');
    expect(text).toContain('nearcast_tracker_refused_joins_total{reason="other-swarm"} 1');
    expect(text).toContain('nearcast_tracker_refused_joins_total{reason="missing"} 1');
    expect(text).toContain('nearcast_tracker_peers{dialect="nearcast"} 1');
  });

  test('sends away, to come back, whoever comes before its keys are there', async () => {
    const running = await start({ tokenJwks: 'http://127.0.0.1:1/keys.json' });
    const viewer = await connect(running, 'nearcast.1');
    viewer.send({ ...join, token: `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.e30` });
    expect((await once(viewer.socket, 'close'))[0]).toBe(1013);
  });

  test('a key that cannot be read stops the start', async () => {
    await expect(start({ tokenKey: ['short'] })).rejects.toThrow(/--token-key/);
    await expect(start({ tokenJwks: '/no/such/keys.json' })).rejects.toThrow(/--token-jwks/);
  });
});

describe('two viewers', () => {
  test('meet through introduce and signal', async () => {
    const running = await start();
    const [a, b] = [await connect(running, 'nearcast.1'), await connect(running, 'nearcast.1')];
    const join = { type: 'join', swarm: 's', engine: 'swarm', upload: true };
    a.send(join);
    const welcome = await a.next();
    expect(await a.next()).toEqual({ type: 'duty', arc: { start: 0, width: 1 } });
    b.send(join);
    expect(await b.next()).toMatchObject({ type: 'welcome', viewers: 2 });
    expect(await b.next()).toEqual({ type: 'introduce', peer: welcome.viewer, initiate: true, nearness: 'lan' });
    const introduced = await a.next();
    expect(introduced).toMatchObject({ type: 'introduce', initiate: false });
    const signal = { description: { type: 'offer', sdp: 'v=0' } };
    b.send({ type: 'signal', to: welcome.viewer, signal });
    expect(await vi.waitFor(() => a.inbox.find(({ type }) => type === 'signal') ?? expect.fail())).toEqual({
      type: 'signal',
      from: introduced.peer,
      signal,
    });
  });
});

describe('drain', () => {
  test('turns readiness red, tells viewers when to come back, and closes with 1012', async () => {
    const running = await start({ drainSeconds: 1 });
    const viewer = await connect(running, 'nearcast.1');
    viewer.send({ type: 'join', swarm: 's', engine: 'swarm', upload: true });
    await viewer.next();
    await viewer.next();
    expect((await get(running, '/readyz')).status).toBe(200);
    const closed = once(viewer.socket, 'close');
    const drained = running.drain();
    expect((await get(running, '/readyz')).status).toBe(503);
    expect((await get(running, '/healthz')).status).toBe(200);
    expect(await viewer.next()).toEqual({ type: 'reconnect', afterMs: expect.any(Number) });
    expect((await closed)[0]).toBe(1012);
    await drained;
    tracker = undefined;
  });
});

test('a plain HTTP request is told what this port is for', async () => {
  const { port } = await start();
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(426);
});

test('a busy port is an error that names it, and leaves nothing open', async () => {
  const running = await start();
  await expect(startTracker({ port: 0, adminPort: running.adminPort, host: '127.0.0.1' })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    port: running.adminPort,
  });
});
