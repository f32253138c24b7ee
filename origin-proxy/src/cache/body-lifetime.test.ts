import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { newFolder } from '@nearcast/service-kit/testing';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { edgeFor, metricOf } from '../testing/edge-under-test.ts';
import { bytesOf, originWith } from '../testing/scripted-origin.ts';

const KIB = 1024;
const SEED = 20_260_101;

/** Numbers from 0 to 1, the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const bodies = Array.from({ length: 24 }, (_, index) => bytesOf((40 + index * 130) * KIB + index, index + 1));

/** A third is fresh for long, a third has to be confirmed each time, a third does not say how long it is. */
async function origin() {
  return await originWith((request, response) => {
    const index = Number(/\d+/.exec(request.url ?? '')?.[0]);
    const body = bodies[index] as Buffer;
    const etag = `"${index}"`;
    const freshness = index % 3 === 1 ? 'max-age=0' : 'max-age=600';
    const headers = { etag, 'cache-control': freshness };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    response.writeHead(200, index % 3 === 2 ? headers : { ...headers, 'content-length': body.length });
    response.end(body);
  });
}

/** Reads a range, slowly or not to its end, and compares what came. @returns how many bytes were wrong */
async function readSome(port: number, random: () => number): Promise<number> {
  const index = Math.floor(random() * bodies.length);
  const body = bodies[index] as Buffer;
  const from = random() < 0.5 ? 0 : Math.floor(random() * body.length);
  const leavesAfter = random() < 0.3 ? random() * body.length : Number.POSITIVE_INFINITY;
  const rests = random() < 0.3;
  const headers = from === 0 ? {} : { range: `bytes=${from}-` };
  const request = httpGet({ port, host: '127.0.0.1', path: `/segment${index}.mp4`, headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let at = from;
  let wrong = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (!body.subarray(at, at + piece.length).equals(piece)) wrong += piece.length;
    at += piece.length;
    if (at - from > leavesAfter) break;
    // Others' requests come in between, and push out what this one reads.
    if (rests) await new Promise((resolve) => setImmediate(resolve));
  }
  if (leavesAfter === Number.POSITIVE_INFINITY && at !== body.length) wrong += body.length - at;
  return wrong;
}

test('every viewer gets the right bytes while bodies are evicted, confirmed, written to disk and freed', async () => {
  const { url } = await origin();
  // Room for a tenth of the objects in memory, and for a third of them on disk.
  const memorySize = 4 * KIB * KIB;
  const edge = await edgeFor(url, { memorySize, cacheDir: newFolder(), cacheSize: 12 * KIB * KIB }, systemClock);
  const random = randomFrom(SEED);
  const clients = Array.from({ length: 16 }, async () => {
    let wrong = 0;
    for (let turn = 0; turn < 12; turn++) wrong += await readSome(edge.port, random);
    return wrong;
  });
  expect((await Promise.all(clients)).reduce((sum, wrong) => sum + wrong)).toBe(0);
  expect(await metricOf(edge, 'nearcast_edge_evictions_total{tier="memory"}')).toBeGreaterThan(20);
}, 60_000);
