import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { countsFrame, kindOf, offersIn, peerIn } from '../bare-frames.ts';

/**
 * The floor of the socket library: messages come in and go out in the numbers and sizes of the WebTorrent dialect, but
 * nothing is parsed, kept or decided.
 */
const PEERS_PER_SWARM = 50;

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 64 * 1024 });
const peers = new Map<number, WebSocket>();
const asText = { binary: false } as const;

function announced(frame: Buffer, socket: WebSocket): void {
  const from = peerIn(frame);
  const swarm = from - (from % PEERS_PER_SWARM);
  socket.send(countsFrame, asText);
  for (const offer of offersIn(frame)) {
    const other = (from + 1 + Math.floor(Math.random() * (PEERS_PER_SWARM - 1))) % PEERS_PER_SWARM;
    peers.get(swarm + other)?.send(offer, asText);
  }
}

sockets.on('connection', (socket) => {
  socket.on('message', (frame: Buffer) => {
    const kind = kindOf(frame);
    if (kind === 'announce') announced(frame, socket);
    else if (kind === 'answer') peers.get(peerIn(frame))?.send(frame, asText);
    else if (kind === 'hello') peers.set(peerIn(frame), socket);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('disconnect', () => process.exit(0));
process.send?.({ port: (server.address() as AddressInfo).port });
