import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { type ProxySource, readProxyHeader } from './proxy-header.ts';

/** §2 of the specification wants three seconds at least, for a segment of TCP that is lost and sent again. */
const HEADER_WITHIN_MS = 5000;

/** What the proxies in front say of the connections they pass on. */
export interface ProxiedConnections {
  /** `undefined`: not from a proxy, or nothing was expected of it. */
  sourceOf(socket: Socket): ProxySource | undefined;
  /** Closes those whose header is still awaited. */
  stop(): void;
}

export const directConnections: ProxiedConnections = { sourceOf: () => undefined, stop: () => undefined };

export interface ProxyRules {
  /** Who must send the header. Others must not guess their way in (§2): from them it is malformed HTTP. */
  readonly isTrusted: (remoteAddress: string | undefined) => boolean;
  readonly clock: Clock;
  /** A trusted proxy sent no header, none that can be read, or not in time: its connection was closed. */
  readonly refused: () => void;
}

/**
 * Has the server read a header of the PROXY protocol before HTTP on each connection from a trusted proxy.
 *
 * The server's own listener for connections is taken over, instead of passing sockets to a server that does not listen:
 * Node looks after slow requests (`headersTimeout`) only where the server itself does.
 */
export function expectProxyHeaders(server: Server, { isTrusted, clock, refused }: ProxyRules): ProxiedConnections {
  const sources = new WeakMap<Socket, ProxySource>();
  const unread = new Set<Socket>();
  const serveHttp = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const serve = () => {
      for (const listener of serveHttp) listener.call(server, socket);
    };
    if (!isTrusted(socket.remoteAddress)) return serve();
    unread.add(socket);
    readHeader(socket, clock, (source) => {
      unread.delete(socket);
      if (source) {
        sources.set(socket, source);
        return serve();
      }
      refused();
      socket.destroy();
    });
  });
  return {
    sourceOf: (socket) => sources.get(socket),
    stop() {
      for (const socket of unread) socket.destroy();
    },
  };
}

/** @param done called once, with `undefined` when there is no header; what came after it is still to be read */
function readHeader(socket: Socket, clock: Clock, done: (source: ProxySource | undefined) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const end = (source?: ProxySource) => {
    stopWaiting();
    socket.off('readable', read).off('end', fail).off('error', fail).off('close', fail);
    done(source);
  };
  const fail = () => end();
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) bytes = Buffer.concat([bytes, chunk]);
    const header = readProxyHeader(bytes);
    if (header.is === 'partial') return;
    if (header.is === 'none') return end();
    if (bytes.length > header.lengthBytes) socket.unshift(bytes.subarray(header.lengthBytes));
    end(header.source);
  };
  const stopWaiting = clock.after(HEADER_WITHIN_MS, fail);
  socket.on('readable', read).on('end', fail).on('error', fail).on('close', fail);
}
