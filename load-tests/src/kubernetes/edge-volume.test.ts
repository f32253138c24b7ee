import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleOrigin } from '@nearcast/demo/sample-origin';
import { type ImageTree, writeImageTree } from '@nearcast/k8s/image-tree';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import { type Pod, startPod } from './pod.ts';

let folder: string;
let tree: ImageTree;
let origin: Server;
const pods: Pod[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-edge-volume-'));
  tree = await writeImageTree('edge', join(folder, 'app'));
  origin = sampleOrigin();
  await listen(origin, 0, '127.0.0.1');
});

afterAll(async () => {
  await Promise.all(pods.map((pod) => pod.kill()));
  await closeServer(origin, 0);
  await rm(folder, { recursive: true, force: true });
});

async function startEdgePod(volume: string): Promise<Pod> {
  const settings = { ORIGIN: `http://127.0.0.1:${portOf(origin)}`, CACHE_DIR: volume, CACHE_SIZE: '64MiB' };
  const pod = await startPod(tree, 'NEARCAST_EDGE', settings, 20_000);
  pods.push(pod);
  await vi.waitUntil(() => pod.isReady(), { timeout: 10_000 });
  return pod;
}

const segments = Array.from({ length: 10 }, (_, number) => `/vod/180p/segment${number}.m4s`);

async function fetchAll(pod: Pod, paths: readonly string[]): Promise<Buffer[]> {
  const responses = paths.map(async (path) => {
    const response = await fetch(`http://127.0.0.1:${pod.port}${path}`);
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  });
  return await Promise.all(responses);
}

const originBytes = async (pod: Pod) =>
  metricSum(await fetchMetrics(pod.adminPort), 'nearcast_edge_origin_bytes_total');
const stored = async (pod: Pod) =>
  metricSum(await fetchMetrics(pod.adminPort), 'nearcast_edge_cached_bytes', 'tier="disk"');

test('an edge that is replaced on its volume has the same key and asks the origin for nothing that it had', async () => {
  const volume = join(folder, 'volume');
  const keys = '/.well-known/nearcast/keys.json';
  const before = await startEdgePod(volume);
  const bodies = await fetchAll(before, segments);
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const [keysBefore] = await fetchAll(before, [keys]);
  expect(await originBytes(before)).toBe(bytes);
  await vi.waitUntil(async () => (await stored(before)) >= bytes, { timeout: 20_000 });
  expect(await before.terminate()).toBe(true);

  const after = await startEdgePod(volume);
  expect(await fetchAll(after, segments)).toEqual(bodies);
  expect(await fetchAll(after, [keys])).toEqual([keysBefore]);
  expect(await originBytes(after)).toBe(0);
}, 60_000);

test('without the volume it asks for all of it again', async () => {
  const bodies = await fetchAll(await startEdgePod(join(folder, 'first')), segments);
  const other = await startEdgePod(join(folder, 'other'));
  await fetchAll(other, segments);
  expect(await originBytes(other)).toBe(bodies.reduce((sum, body) => sum + body.length, 0));
}, 60_000);
