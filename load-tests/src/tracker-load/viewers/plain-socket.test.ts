import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { PlainSocket } from './plain-socket.ts';

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });

afterEach(() => {
  for (const socket of server.clients) socket.terminate();
  http.close();
});

test('what it says a library understands, of any length and cut anywhere, and the other way round', async () => {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const heard: string[] = [];
  const connected = once(server, 'connection');
  let isOpen = false;
  const socket = new PlainSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, ['a.1'], {
    opened: () => {
      isOpen = true;
    },
    text: (text) => void heard.push(text),
  });
  expect(socket.send('too early')).toBe(false);
  const [peer] = (await connected) as [WebSocket];
  await expect.poll(() => isOpen, { timeout: 20_000 }).toBe(true);
  const texts = [0, 1, 2, 3, 4, 5, 125, 126, 127, 870, 5000, 60_000].map((length) =>
    'offer'.repeat(length).slice(0, length),
  );
  const echoed: string[] = [];
  peer.on('message', (data) => {
    echoed.push(data.toString());
    peer.send(data.toString());
  });
  for (const text of texts) expect(socket.send(text)).toBe(true);
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(texts.length);
  expect(echoed).toEqual(texts);
  expect(heard).toEqual(texts);
  const pong = once(peer, 'pong');
  peer.ping();
  await pong;
  const closed = once(peer, 'close');
  socket.close();
  expect(socket.send('too late')).toBe(false);
  await closed;
});
