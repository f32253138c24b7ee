import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { listen, portOf } from '@nearcast/service-kit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { mostFrameBytes, writeTextFrames } from './text-frames.ts';

/** A real client, whose server's end is written to as it is. */
let client: WebSocket;
let stream: Socket;
const server = new WebSocketServer({ noServer: true });
const http = createHttpServer();
const received: string[] = [];

beforeAll(async () => {
  http.on('upgrade', (request, socket, head) => {
    stream = socket as Socket;
    server.handleUpgrade(request, socket, head, () => undefined);
  });
  await listen(http, 0, '127.0.0.1');
  client = new WebSocket(`ws://127.0.0.1:${portOf(http)}`, { maxPayload: 1_000_000 });
  client.on('message', (data, isBinary) => received.push(isBinary ? 'binary' : String(data)));
  await once(client, 'open');
});

afterAll(() => {
  client.terminate();
  http.close();
});

function textFrames(texts: readonly string[]): Buffer {
  const frames = Buffer.alloc(mostFrameBytes(texts));
  return frames.subarray(0, writeTextFrames(texts, frames));
}

async function read(bytes: Buffer, count: number): Promise<string[]> {
  received.length = 0;
  stream.write(bytes);
  await vi.waitFor(() => expect(received).toHaveLength(count), { interval: 2, timeout: 10_000 });
  return [...received];
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('a text of %i bytes', async (bytes) => {
  expect(await read(textFrames(['x'.repeat(bytes)]), 1)).toEqual(['x'.repeat(bytes)]);
});

test('lengths are of bytes, not of characters', async () => {
  const texts = ['é'.repeat(100), 'é'.repeat(40_000), '→'.repeat(30_000), '🎞'];
  expect(await read(textFrames(texts), texts.length)).toEqual(texts);
});

test('any texts arrive as they are, in order', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(texts, async (given) => {
      expect(await read(textFrames(given), given.length)).toEqual(given);
    }),
  );
});
