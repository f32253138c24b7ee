import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EdgeReader } from './edge-reader.ts';

const file = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 7) % 251);
let ranges: string[] = [];
let server: Server;
let answer: 'ranges' | 'short' | 'refuse' | 'whole' = 'ranges';
let reader: EdgeReader;

beforeEach(async () => {
  ranges = [];
  answer = 'ranges';
  server = createServer((request, response) => {
    const range = String(request.headers.range);
    ranges.push(range);
    const [, first, last] = (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).map(Number);
    if (answer === 'refuse') response.writeHead(503).end();
    else if (answer === 'whole') response.writeHead(200).end(file);
    else {
      const end = (last as number) + 1 - (answer === 'short' ? 1 : 0);
      response.writeHead(206).end(file.subarray(first, end));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  reader = new EdgeReader(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterEach(() => {
  reader.close();
  server.closeAllConnections();
  server.close();
});

const part = (start: number, length: number) => file.slice(start, start + length);

test('what lies side by side comes as one response, in whatever order it is asked for', async () => {
  const parts = await Promise.all([reader.read(2000, 1000), reader.read(0, 2000), reader.read(5000, 10)]);
  expect(parts).toEqual([part(2000, 1000), part(0, 2000), part(5000, 10)]);
  expect(ranges.sort()).toEqual(['bytes=0-2999', 'bytes=5000-5009']);
});

test('what is asked for later comes by itself', async () => {
  expect(await reader.read(0, 100)).toEqual(part(0, 100));
  expect(await reader.read(100, 100)).toEqual(part(100, 100));
  expect(ranges).toEqual(['bytes=0-99', 'bytes=100-199']);
});

test('a part that came before the response broke is given all the same', async () => {
  answer = 'short';
  const [first, second] = await Promise.allSettled([reader.read(0, 100), reader.read(100, 100)]);
  expect(first).toEqual({ status: 'fulfilled', value: part(0, 100) });
  expect(second.status).toBe('rejected');
});

test('a server without ranges is of use for the beginning alone', async () => {
  answer = 'whole';
  expect(await reader.read(0, 100)).toEqual(part(0, 100));
  await expect(reader.read(100, 100)).rejects.toThrow('range refused: 200');
});

test('a refusal is an error, and so is a reader that was closed', async () => {
  answer = 'refuse';
  await expect(reader.read(0, 100)).rejects.toThrow('range refused: 503');
  reader.close();
  await expect(reader.read(0, 100)).rejects.toThrow('closed');
});
