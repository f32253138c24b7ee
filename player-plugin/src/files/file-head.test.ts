import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileHead } from './file-head.ts';
import { FileReading } from './file-reading.ts';
import type { OpenFile } from './file-share.ts';

const MIB = 1024 * 1024;
const file = Uint8Array.from({ length: MIB + 500 }, (_, index) => (index * 7) % 251);
let server: Server;
let respond: (response: ServerResponse) => void;
let url: string;

beforeEach(async () => {
  server = createServer((_request, response) => respond(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const open = () => FileHead.open(url, new AbortController().signal);
const partial = (response: ServerResponse) =>
  response.writeHead(206, { 'content-range': `bytes 0-${MIB - 1}/${file.length}`, 'content-type': 'video/mp4' });

async function collect(parts: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for (let part = await parts.next(); part.done !== true; part = await parts.next()) all.push(part.value);
  return new Uint8Array(Buffer.concat(all));
}

/** What the swarm gives, once it is joined. */
const swarmFile = {
  file: {
    [Symbol.asyncIterator]: ({ start, end }: { start: number; end: number }) =>
      (async function* () {
        yield file.slice(start, end + 1);
      })(),
  },
} as unknown as OpenFile;

test('a head is read while it comes', async () => {
  let rest: (() => void) | undefined;
  respond = (response) => {
    partial(response).write(file.subarray(0, 1000));
    rest = () => response.end(file.subarray(1000, MIB));
  };
  const head = await open();
  expect([head.size, head.length, head.type]).toEqual([file.length, MIB, 'video/mp4']);
  expect(await head.read(100, 900)).toEqual(file.slice(100, 1000));
  const later = head.read(900, 200);
  rest?.();
  expect(await later).toEqual(file.slice(900, 1100));
  expect(await collect(head.from(MIB - 10))).toEqual(file.slice(MIB - 10, MIB));
});

test('a range over the end of the head goes on with what the swarm has', async () => {
  respond = (response) => partial(response).end(file.subarray(0, MIB));
  const head = await open();
  const read = (start: number, end: number) =>
    collect(new FileReading(head, Promise.resolve(swarmFile), { start, end }));
  expect(await read(MIB - 100, MIB + 99)).toEqual(file.slice(MIB - 100, MIB + 100));
  expect(await read(10, 19)).toEqual(file.slice(10, 20));
  expect(await read(MIB + 10, MIB + 19)).toEqual(file.slice(MIB + 10, MIB + 20));
});

test('a reading that was ended asks the swarm for nothing', async () => {
  respond = (response) => partial(response).end(file.subarray(0, MIB));
  let join: (open: OpenFile) => void = () => undefined;
  const sharing = new Promise<OpenFile>((resolve) => {
    join = resolve;
  });
  const reading = new FileReading(await open(), sharing, { start: MIB, end: MIB + 9 });
  const part = reading.next();
  await reading.return();
  join(swarmFile);
  expect(await part).toEqual({ value: undefined, done: true });
});

test('a response that ends too soon is told to who reads, now and later', async () => {
  respond = (response) => partial(response).end(file.subarray(0, 1000));
  const head = await open();
  await expect(head.read(900, 200)).rejects.toThrow('ended too soon');
  await expect(collect(head.from(0))).rejects.toThrow('ended too soon');
});

test.each([
  ['no ranges', (response: ServerResponse) => response.writeHead(200).end(file)],
  ['no such file', (response: ServerResponse) => response.writeHead(404).end()],
  [
    'a range of what size?',
    (response: ServerResponse) => response.writeHead(206, { 'content-range': 'bytes 0-9/*' }).end('0123456789'),
  ],
])('%s: no head', async (_name, answer) => {
  respond = answer;
  await expect(open()).rejects.toThrow('the edge gives no part of the file');
});
