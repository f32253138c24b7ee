import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { portOf } from '@nearcast/service-kit';
import { onTestFinished } from 'vitest';

/** An origin that does what a test says, and remembers what it was asked for. */
export interface ScriptedOrigin {
  readonly url: string;
  /** Targets, in the order they were asked for. */
  readonly asked: string[];
  readonly requests: IncomingMessage[];
  readonly server: Server;
  /** Answers otherwise from now on. */
  answerWith(listener: RequestListener): void;
  /** As a crash would: open connections break, new ones are refused. */
  kill(): void;
}

export async function originWith(first: RequestListener): Promise<ScriptedOrigin> {
  let listener = first;
  const asked: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    requests.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kill = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(kill);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    asked,
    requests,
    server,
    answerWith: (next) => {
      listener = next;
    },
    kill,
  };
}

/** An origin that does not speak through an HTTP library: bytes, as a broken server would send them. */
export async function rawOrigin(talk: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (text: string) => talk(socket, text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Bytes that differ everywhere, so that a mix-up shows. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let state = seed >>> 0;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A whole object, as a web server sends a file. */
export function fileOf(body: Buffer, headers: Record<string, string> = { etag: '"v1"' }): RequestListener {
  return (_request, response) => void response.writeHead(200, { 'content-length': body.length, ...headers }).end(body);
}

/** A file server that knows byte ranges and conditions, for objects that are fetched in slices. */
export function rangedFileOf(body: () => Buffer, etag: () => string): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const headers = { etag: etag(), 'accept-ranges': 'bytes' };
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const bytes = body();
    if (request.headers['if-none-match'] === etag()) return void response.writeHead(304, headers).end();
    if (first === undefined || last === undefined) {
      return void response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
    }
    const part = bytes.subarray(Number(first), Number(last) + 1);
    return void response
      .writeHead(206, {
        ...headers,
        'content-length': part.length,
        'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`,
      })
      .end(part);
  };
}
