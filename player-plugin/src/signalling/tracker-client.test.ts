import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { browserClock } from '../clock.ts';
import { openWebSocket, TrackerClient, type TrackerEvents } from './tracker-client.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

const servers: WebSocketServer[] = [];
const clients: TrackerClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) {
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
});

/** A tracker of a few lines on a real socket: answers each message with what `answer` makes of it. */
async function trackerThat(answer: (message: { type: string }) => string | undefined) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'nearcast.1' });
  servers.push(server);
  const heard: { type: string }[] = [];
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      heard.push(message);
      const reply = answer(message);
      if (reply !== undefined) socket.send(reply);
    }),
  );
  await once(server, 'listening');
  return { server, heard, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const welcome = JSON.stringify({
  type: 'welcome',
  viewer: 'v',
  reportEveryMs: 5000,
  viewers: 1,
  keys: [],
  iceServers: [],
});

function connect(urls: string[], clock = browserClock, token?: () => string) {
  const events = {
    stateChanged: vi.fn<TrackerEvents['stateChanged']>(),
    heard: vi.fn<TrackerEvents['heard']>(),
    refused: vi.fn<TrackerEvents['refused']>(),
    notRenewed: vi.fn<TrackerEvents['notRenewed']>(),
    garbled: vi.fn<TrackerEvents['garbled']>(),
  };
  const message = { type: 'join', swarm: 's', engine: 'swarm', upload: true } as const;
  const join = async () => (token ? { ...message, token: token() } : message);
  const deps = { clock, random: () => 0, openSocket: openWebSocket };
  const client = new TrackerClient(urls, join, events, deps);
  clients.push(client);
  client.connect();
  return { client, events };
}

/** Timers run at once, whatever they were set to; long ones (waiting for a welcome) never. */
const hastyClock = {
  now: browserClock.now,
  after: (ms: number, run: () => void) => browserClock.after(ms >= 10_000 ? 1e6 : 5, run),
};

test('joins, is welcomed, and may speak', async () => {
  const { url, heard } = await trackerThat(({ type }) => (type === 'join' ? welcome : undefined));
  const { client, events } = connect([url]);
  client.send({ type: 'leave' });
  await vi.waitFor(() => expect(events.heard).toHaveBeenCalledWith(JSON.parse(welcome)), patience);
  expect(client.isWelcome).toBe(true);
  client.send({ type: 'want', peers: 1 });
  await vi.waitFor(() => expect(heard.map(({ type }) => type)).toEqual(['join', 'want']), patience);
});

test('[S1] nonsense is told once, and changes nothing', async () => {
  const { url } = await trackerThat(() => 'nonsense');
  const { client, events } = connect([url]);
  await vi.waitFor(() => expect(events.garbled).toHaveBeenCalledOnce(), patience);
  expect(client.isWelcome).toBe(false);
  expect(events.stateChanged.mock.calls).toEqual([['connecting']]);
});

test('an error is passed on and keeps the connection', async () => {
  const { url } = await trackerThat(() => JSON.stringify({ type: 'error', reason: 'too-many', message: 'slow down' }));
  const { events } = connect([url]);
  await vi.waitFor(() => expect(events.refused).toHaveBeenCalledWith('too-many', 'slow down'), patience);
});

test('goes to the next tracker when the first is away, and says so when all are', async () => {
  const { url } = await trackerThat(({ type }) => (type === 'join' ? welcome : undefined));
  const { client, events } = connect(['ws://127.0.0.1:1', url], hastyClock);
  await vi.waitFor(() => expect(client.isWelcome).toBe(true), patience);
  expect(events.stateChanged).not.toHaveBeenCalledWith('unreachable');
  const { events: lost } = connect(['ws://127.0.0.1:1'], hastyClock);
  await vi.waitFor(() => expect(lost.stateChanged).toHaveBeenCalledWith('unreachable'), patience);
});

test('[S5] comes back when a tracker that goes away says when', async () => {
  let joins = 0;
  const { url } = await trackerThat(({ type }) => {
    if (type !== 'join') return undefined;
    joins += 1;
    return joins === 1 ? JSON.stringify({ type: 'reconnect', afterMs: 1 }) : welcome;
  });
  const { client, events } = connect([url]);
  await vi.waitFor(() => expect(client.isWelcome).toBe(true), patience);
  expect(events.stateChanged).not.toHaveBeenCalledWith('unreachable');
});

test('[S10] shows a fresh token in time, and is no guest any more when it is shown out', async () => {
  let renewals = 0;
  const { url, heard } = await trackerThat(({ type }) => {
    if (type === 'join') return JSON.stringify({ ...JSON.parse(welcome), tokenExpiresInMs: 60_000 });
    renewals += 1;
    return renewals === 1
      ? JSON.stringify({ type: 'renewed', tokenExpiresInMs: 5000, problem: 'it has expired' })
      : JSON.stringify({ type: 'error', reason: 'unauthorised', message: 'the token has expired' });
  });
  let count = 0;
  // Time is turned by hand: only an answer makes the next renewal due, however late it comes.
  const timers = new Set<() => void>();
  const clock = {
    now: browserClock.now,
    after: (ms: number, run: () => void) => {
      if (ms === 10_000) return browserClock.after(1e6, run);
      timers.add(run);
      return () => timers.delete(run);
    },
  };
  const renewNow = () => {
    for (const run of timers) run();
  };
  const { client, events } = connect([url], clock, () => `token ${++count}`);
  await vi.waitFor(() => expect(timers.size).toBe(1), patience);
  renewNow();
  await vi.waitFor(() => expect(events.notRenewed).toHaveBeenCalledWith('it has expired'), patience);
  renewNow();
  await vi.waitFor(
    () => expect(events.refused).toHaveBeenCalledWith('unauthorised', 'the token has expired'),
    patience,
  );
  expect(heard).toMatchObject([
    { type: 'join', token: 'token 1' },
    { type: 'renew', token: 'token 2' },
    { type: 'renew', token: 'token 3' },
  ]);
  expect(client.isWelcome).toBe(false);
});

test('a closed client stays closed', async () => {
  const { url, server } = await trackerThat(({ type }) => (type === 'join' ? welcome : undefined));
  const { client } = connect([url], hastyClock);
  await vi.waitFor(() => expect(client.isWelcome).toBe(true), patience);
  client.close();
  await vi.waitFor(() => expect(server.clients.size).toBe(0), patience);
  expect(client.isWelcome).toBe(false);
});
