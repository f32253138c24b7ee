import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { portOf } from '@nearcast/service-kit';
import { newFolder } from '@nearcast/service-kit/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import type { BinaryId } from '../dialects/webtorrent.ts';
import { patience } from '../testing/test-viewer.ts';
import { PublishedFiles, parseList } from './published-files.ts';

const HEX = ['00112233445566778899aabbccddeeff00112233', 'ffeeddccbbaa99887766554433221100ffeeddcc'] as const;
const [FIRST, SECOND] = HEX.map((hex) => Buffer.from(hex, 'hex').toString('latin1')) as [BinaryId, BinaryId];

/** A clock that stands, and whose waits end when told. */
function handClock() {
  let now = 0;
  let waits: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(ms: number, run: () => void) {
      const wait = { at: now + ms, run };
      waits.push(wait);
      return () => {
        waits = waits.filter((other) => other !== wait);
      };
    },
    pass(ms: number) {
      now += ms;
      const due = waits.filter(({ at }) => at <= now);
      waits = waits.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

/** What an edge's admin port does. */
async function edgeWith(state: { list: string; etag: string }) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.headers['if-none-match']);
    const { list, etag } = state;
    if (list === 'away') response.writeHead(503).end();
    else if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag }).end(list);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${portOf(server)}/torrents/infohashes`, asked };
}

test('a file published a moment ago is found by looking again, once for all who ask, and not more often than allowed', async () => {
  const state = { list: JSON.stringify({ infohashes: [HEX[0]] }), etag: '"1"' };
  const { url, asked } = await edgeWith(state);
  const clock = handClock();
  const files = new PublishedFiles(url, clock, () => undefined);
  onTestFinished(() => files.stop());
  await files.start();
  expect([files.has(FIRST), files.has(SECOND), files.count]).toEqual([true, false, 1]);

  Object.assign(state, { list: JSON.stringify({ infohashes: HEX }), etag: '"2"' });
  const answers = Promise.all(Array.from({ length: 50 }, () => files.isPublished(SECOND)));
  expect(asked).toEqual([undefined]);
  clock.pass(1_000);
  expect(new Set(await answers)).toEqual(new Set([true]));
  expect(asked).toEqual([undefined, '"1"']);

  const stranger = files.isPublished('x'.repeat(20) as BinaryId);
  clock.pass(1_000);
  expect(await stranger).toBe(false);
  expect(asked).toEqual([undefined, '"1"', '"2"']);
});

test('what is taken back is gone with the next look; while the edge is away the list stays', async () => {
  const state = { list: JSON.stringify({ infohashes: HEX }), etag: '"1"' };
  const { url } = await edgeWith(state);
  const clock = handClock();
  const problems: string[] = [];
  const files = new PublishedFiles(url, clock, (problem) => problems.push(problem));
  onTestFinished(() => files.stop());
  await files.start();
  state.list = 'away';
  clock.pass(30_000);
  await vi.waitFor(() => expect(problems).toEqual([`no list of files from ${url}: it answered 503`]), patience);
  expect(files.count).toBe(2);
  await vi.waitFor(() => {
    Object.assign(state, { list: JSON.stringify({ infohashes: [HEX[1]] }), etag: '"2"' });
    clock.pass(30_000);
    expect([files.has(FIRST), files.has(SECOND)]).toEqual([false, true]);
  });
});

test('it may be a file', async () => {
  const folder = newFolder();
  await writeFile(join(folder, 'list.json'), JSON.stringify({ infohashes: HEX }));
  const files = new PublishedFiles(join(folder, 'list.json'), systemClock, () => undefined);
  onTestFinished(() => files.stop());
  await files.start();
  expect(files.count).toBe(2);
});

test.each([
  ['{}', 'it has no list "infohashes"'],
  ['{"infohashes":["abc"]}', '"abc" is no infohash of 40 hexadecimal digits'],
  ['{"infohashes":[null]}', 'null is no infohash of 40 hexadecimal digits'],
])('%s is refused with one sentence', (text, sentence) => {
  expect(() => parseList(text)).toThrow(sentence);
});
