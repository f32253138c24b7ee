import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { offerCalls } from '../remote-calls.ts';
import { openSockets } from './open-sockets.ts';
import { announceText, newBinaryId, swarmName } from './torrent-messages.ts';

/** Viewers that announce themselves once, and then only stay connected. */

const PEERS_PER_SWARM = 50;

let sockets: readonly WebSocket[] = [];

const calls = {
  async open(url: string, count: number): Promise<void> {
    sockets = await openSockets(url, [], count, () => undefined);
  },
  /** Resolves when each has its reply. */
  async announceAll(): Promise<void> {
    const replied = sockets.map((socket) => once(socket, 'message'));
    sockets.forEach((socket, number) => {
      socket.send(announceText(swarmName(Math.floor(number / PEERS_PER_SWARM)), newBinaryId(), []));
    });
    await Promise.all(replied);
  },
  async close(): Promise<void> {
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.close();
    await Promise.all(closed);
  },
};

export type IdleCalls = typeof calls;
offerCalls(calls);
