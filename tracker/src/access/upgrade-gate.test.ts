import { once } from 'node:events';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTracker, type Tracker, type TrackerConfig } from '../server.ts';
import { patience } from '../testing/test-viewer.ts';
import { AddressBudgets } from './address-budgets.ts';
import { sealedSwarmId } from './swarm-id.ts';

let tracker: Tracker | undefined;
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await tracker?.close();
  tracker = undefined;
});

async function start(config: Partial<TrackerConfig>): Promise<Tracker> {
  tracker = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', trustedProxies: ['loopback'], ...config });
  return tracker;
}

interface Visitor {
  readonly address?: string;
  readonly origin?: string;
  readonly dialect?: 'nearcast.1';
  readonly path?: string;
}

/** @returns the open socket, or how it was refused */
async function visit({ port }: Tracker, { address, origin, dialect, path = '/' }: Visitor) {
  const headers = { ...(address && { 'x-forwarded-for': address }), ...(origin && { origin }) };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, dialect ? [dialect] : [], { headers });
  sockets.push(socket);
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    return `${response.statusCode} ${body}`;
  });
  return await Promise.race([once(socket, 'open').then(() => socket), refused]);
}

async function refusedFor(reason: string, running: Tracker): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${running.adminPort}/metrics`)).text();
  expect(text).not.toContain('198.51.100');
  return Number(new RegExp(`refused_connections_total{reason="${reason}"} (\\d+)`).exec(text)?.[1] ?? 0);
}

describe('who may open a connection', () => {
  test('pages of allowed origins', async () => {
    const running = await start({ allowOrigin: ['https://www.example.com'] });
    expect(await visit(running, { origin: 'https://www.example.com' })).toBeInstanceOf(WebSocket);
    const line = '403 this tracker is not for pages of this origin (--allow-origin)\n';
    expect(await visit(running, { origin: 'https://evil.example' })).toBe(line);
    expect(await visit(running, { dialect: 'nearcast.1' })).toBe(line);
    expect(await refusedFor('origin', running)).toBe(2);
  });

  test('clients of the dialects that are on', async () => {
    const running = await start({ webtorrent: 'off' });
    expect(await visit(running, { dialect: 'nearcast.1' })).toBeInstanceOf(WebSocket);
    expect(await visit(running, {})).toBe('403 this tracker speaks nearcast.1 only (--webtorrent off)\n');
    expect(await refusedFor('dialect', running)).toBe(1);
  });

  test('so many of one address a minute, whatever it claims; others, and internal ones, are not held up', async () => {
    const running = await start({ joinsPerAddress: 2 });
    const from = (address: string) => visit(running, { address, dialect: 'nearcast.1' });
    for (let count = 0; count < 2; count++) expect(await from('198.51.100.1')).toBeInstanceOf(WebSocket);
    const line = '429 too many connections from this address; come back in a minute\n';
    expect(await from('198.51.100.1')).toBe(line);
    expect(await from('203.0.113.9, 198.51.100.1')).toBe(line);
    expect(await from('198.51.100.2')).toBeInstanceOf(WebSocket);
    for (let count = 0; count < 4; count++) expect(await from('10.0.0.1')).toBeInstanceOf(WebSocket);
    expect(await refusedFor('address', running)).toBe(2);
  });

  test('so many of one address at once', async () => {
    const running = await start({ connectionsPerAddress: 1 });
    const from = (address: string) => visit(running, { address, dialect: 'nearcast.1' });
    const first = await from('2001:db8:1:2::1');
    expect(await from('2001:db8:1:2::2')).toBe('429 too many open connections from this address\n');
    expect(await from('2001:db8:1:3::1')).toBeInstanceOf(WebSocket);
    (first as WebSocket).close();
    await vi.waitFor(async () => expect(await from('2001:db8:1:2::2')).toBeInstanceOf(WebSocket), patience);
  });
});

test('joins of one address are limited, too, over all its connections', async () => {
  const running = await start({ joinsPerAddress: 3 });
  const viewers: WebSocket[] = [];
  for (let count = 0; count < 2; count++) {
    viewers.push((await visit(running, { address: '198.51.100.1', dialect: 'nearcast.1' })) as WebSocket);
  }
  const types: string[] = [];
  for (const viewer of viewers) viewer.on('message', (data) => types.push(JSON.parse(String(data)).type));
  for (const viewer of [...viewers, ...viewers]) {
    viewer.send(JSON.stringify({ type: 'join', swarm: 's', engine: 'webtorrent', upload: true }));
  }
  await vi.waitFor(() => expect(types.toSorted()).toEqual(['error', 'welcome', 'welcome', 'welcome']), patience);
});

test('[S7] signals reach only viewers that were introduced, and nobody answers an offer never sent to him', async () => {
  const running = await start({});
  const enter = async (swarm: string) => {
    const socket = (await visit(running, { dialect: 'nearcast.1' })) as WebSocket;
    const inbox: { type: string; viewer?: string; peer?: string }[] = [];
    socket.on('message', (data) => inbox.push(JSON.parse(String(data))));
    socket.send(JSON.stringify({ type: 'join', swarm, engine: 'swarm', upload: true }));
    await vi.waitFor(() => expect(inbox[0]?.type).toBe('welcome'), patience);
    return { socket, inbox, name: inbox[0]?.viewer };
  };
  const [one, two, attacker] = [await enter('movie'), await enter('movie'), await enter('elsewhere')];
  const isIntroduced = () => one.inbox.some(({ type, peer }) => type === 'introduce' && peer === two.name);
  await vi.waitFor(() => expect(isIntroduced()).toBe(true), patience);
  const signal = (to: string | undefined, type: 'offer' | 'answer', sdp: string) =>
    JSON.stringify({ type: 'signal', to, signal: { description: { type, sdp } } });
  for (const to of [one.name, two.name]) {
    for (const type of ['offer', 'answer'] as const) attacker.socket.send(signal(to, type, 'forged'));
  }
  attacker.socket.send('nonsense');
  // What it forged has been looked at when this is answered.
  await vi.waitFor(() => expect(attacker.inbox.at(-1)).toMatchObject({ reason: 'malformed' }), patience);
  two.socket.send(signal(one.name, 'offer', 'true'));
  await vi.waitFor(() => expect(one.inbox.filter(({ type }) => type === 'signal')).toHaveLength(1), patience);
  expect(JSON.stringify([one.inbox, two.inbox])).not.toContain('forged');
});

test('who joins again and again to meet everybody is told to come back later', async () => {
  const running = await start({ maxIntroductions: 24 });
  const viewer = (await visit(running, { dialect: 'nearcast.1' })) as WebSocket;
  const heard: { type: string; reason?: string }[] = [];
  viewer.on('message', (data) => heard.push(JSON.parse(String(data))));
  const join = JSON.stringify({ type: 'join', swarm: 's', engine: 'webtorrent', upload: true });
  for (let count = 0; count < 3; count++) viewer.send(join);
  await vi.waitFor(() => expect(heard).toHaveLength(3), patience);
  expect(heard).toMatchObject([{ type: 'welcome' }, { type: 'welcome' }, { type: 'error', reason: 'too-many' }]);
});

test('only swarms with a sealed id, where there is a key for it', async () => {
  const key = Buffer.alloc(32, 3);
  const running = await start({ swarmKey: [key.toString('hex')] });
  const viewer = (await visit(running, { dialect: 'nearcast.1' })) as WebSocket;
  const ask = async (swarm: string) => {
    const answer = once(viewer, 'message');
    viewer.send(JSON.stringify({ type: 'join', swarm, engine: 'webtorrent', upload: true }));
    return JSON.parse(String((await answer)[0]));
  };
  expect(await ask('movie')).toMatchObject({ type: 'error', reason: 'no-such-swarm' });
  expect(await ask(sealedSwarmId('movie', key))).toMatchObject({ type: 'welcome' });
  expect(await (await fetch(`http://127.0.0.1:${running.adminPort}/metrics`)).text()).toContain(
    'refused_joins_total{reason="unsealed"} 1',
  );
});

test('a blocked infohash: announces and answers are refused at once, and nothing of it is relayed', async () => {
  const running = await start({});
  const infoHash = 'b'.repeat(20);
  const hex = Buffer.from(infoHash, 'latin1').toString('hex');
  const [a, b] = [(await visit(running, {})) as WebSocket, (await visit(running, {})) as WebSocket];
  const heard: Record<string, unknown>[] = [];
  b.on('message', (data) => heard.push(JSON.parse(String(data))));
  const announce = (peer: string, more: object = {}) =>
    JSON.stringify({ action: 'announce', info_hash: infoHash, peer_id: peer.repeat(20), numwant: 1, ...more });
  b.send(announce('b'));
  await vi.waitFor(() => expect(heard).toHaveLength(1), patience);
  await fetch(`http://127.0.0.1:${running.adminPort}/api/blocked`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ swarm: `webtorrent:${hex}` }),
  });
  const answer = once(a, 'message');
  a.send(announce('a', { offers: [{ offer: { type: 'offer', sdp: 'v=0' }, offer_id: 'o'.repeat(20) }] }));
  expect(JSON.parse(String((await answer)[0]))).toEqual({
    action: 'announce',
    info_hash: infoHash,
    'failure reason': 'this swarm is blocked',
  });
  b.send(announce('b'));
  await vi.waitFor(() => expect(heard).toHaveLength(2), patience);
  expect(heard[1]).toHaveProperty('failure reason');
});

describe('budgets of addresses', () => {
  test('give a minute’s worth at once, then the rate', () => {
    const budgets = new AddressBudgets(2);
    const take = (seconds: number) => budgets.take('198.51.100.1', seconds * 1000);
    expect([take(0), take(0), take(0), take(29), take(30), take(30)]).toEqual([true, true, false, false, true, false]);
  });

  test('do not grow with the number of addresses', () => {
    const budgets = new AddressBudgets(1);
    for (let index = 0; index < 20_000; index++)
      budgets.take(`${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.1`, 0);
    expect(budgets.size).toBe(10_000);
  });
});

describe('a stock WebTorrent client', () => {
  const secret = Buffer.alloc(32, 5);
  const infoHash = 'a'.repeat(20);
  const hex = Buffer.from(infoHash, 'latin1').toString('hex');
  const tokenFor = (swarm: string | string[], seconds: number) =>
    new SignJWT({ swarm, exp: Math.floor(Date.now() / 1000) + seconds })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret);
  const announce = { action: 'announce', info_hash: infoHash, peer_id: 'p'.repeat(20), numwant: 1, offers: [] };

  async function announceWith(running: Tracker, token: string) {
    const socket = await visit(running, { path: `/?token=${token}` });
    if (!(socket instanceof WebSocket)) return socket;
    const answer = once(socket, 'message');
    socket.send(JSON.stringify(announce));
    return JSON.parse(String((await answer)[0]));
  }

  test('shows its token in the URL', async () => {
    const running = await start({ tokenKey: [secret.toString('hex')] });
    expect(await visit(running, {})).toBe('401 this tracker wants a token (?token= in the URL)\n');
    expect(await visit(running, { path: `/?token=${await tokenFor('*', -60)}` })).toBe(
      '401 the token has expired (?token= in the URL)\n',
    );
    expect(await refusedFor('token', running)).toBe(2);
    expect(await announceWith(running, await tokenFor(['movie', `webtorrent:${hex}`], 60))).toMatchObject({
      incomplete: 1,
    });
    expect(await announceWith(running, await tokenFor(['movie', 'webtorrent:*'], 60))).not.toHaveProperty(
      'interval',
      0,
    );
    expect(await announceWith(running, await tokenFor('movie', 60))).toEqual({
      action: 'announce',
      info_hash: infoHash,
      'failure reason': 'the token is for another swarm',
    });
  });

  test('is shown out at the end of its token', async () => {
    const running = await start({ tokenKey: [secret.toString('hex')] });
    // Ten seconds are for clocks that differ.
    const socket = await visit(running, { path: `/?token=${await tokenFor('*', -8)}` });
    const [code] = await once(socket as WebSocket, 'close');
    expect(code).toBe(1008);
  });

  test('never gets in while the keys cannot be had', async () => {
    const running = await start({ tokenJwks: 'http://127.0.0.1:1/keys.json' });
    const token = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.e30`;
    expect(await visit(running, { path: `/?token=${token}` })).toMatch(/^503 the keys of tokens cannot be had now/);
  });
});
