import { once } from 'node:events';
import { expect, onTestFinished, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { startTracker, type Tracker, type TrackerConfig } from '../server.ts';

/** The real tracker on free ports of loopback, until the test ends. */
export async function openTracker(
  config: Partial<TrackerConfig> = {},
  ...deps: Parameters<typeof startTracker> extends [unknown?, ...infer Rest] ? Rest : never
): Promise<Tracker> {
  const tracker = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', ...config }, ...deps);
  onTestFinished(() => tracker.close());
  return tracker;
}

type Message = Readonly<Record<string, unknown>>;

/** A client that keeps what it receives, and can wait for the next message. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly inbox: Message[];
  send(message: object | string): void;
  next(): Promise<Message>;
  /** The close code, when it comes. */
  readonly closed: Promise<number>;
}

export async function openSocket(
  { port }: Pick<Tracker, 'port'>,
  subprotocol?: 'nearcast.1',
  options: ClientOptions = {},
): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, subprotocol === undefined ? [] : [subprotocol], options);
  onTestFinished(() => socket.terminate());
  const inbox: Message[] = [];
  socket.on('message', (data) => inbox.push(JSON.parse(String(data))));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  socket.on('error', () => undefined);
  return {
    socket,
    inbox,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: () => vi.waitFor(() => inbox.shift() ?? expect.fail('no message yet'), { timeout: 10_000, interval: 5 }),
    closed,
  };
}

/** Twenty characters, as ids of the WebTorrent dialect are. */
export const binaryId = (name: string): string => name.padEnd(20, '-');
export const infoHash: string = binaryId('infohash');

export function announce(peer: string, more: object = {}): object {
  const counters = { uploaded: 0, downloaded: 0 };
  return { action: 'announce', info_hash: infoHash, peer_id: binaryId(peer), ...counters, ...more };
}

export function offer(id: string, sdp = `sdp of ${id}`): object {
  return { offer: { type: 'offer', sdp }, offer_id: binaryId(id) };
}

export function answer(from: string, to: string, offerId: string): object {
  const ids = { to_peer_id: binaryId(to), offer_id: binaryId(offerId) };
  return { ...announce(from), ...ids, answer: { type: 'answer', sdp: `sdp of ${from}` } };
}
