import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Demo, startDemo } from '@nearcast/demo';
import { type ImageTree, writeImageTree } from '@nearcast/k8s/image-tree';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import { playFor, readStats } from '../end-to-end/demo-page.ts';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import { type Pod, startPod } from './pod.ts';
import { type Service, startService } from './service.ts';

const DRAIN_SECONDS = 2;
const GRACE_MS = 20_000;

let folder: string;
let tree: ImageTree;
let demo: Demo;
let browser: Browser;
let service: Service;
const viewers: Viewer[] = [];
const pods: Pod[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-roll-'));
  tree = await writeImageTree('tracker', folder);
  demo = await startDemo({ port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 });
  service = await startService();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await service?.close();
  await Promise.all(pods.map((pod) => pod.kill()));
  await demo?.close();
  await rm(folder, { recursive: true, force: true });
});

async function startTrackerPod(): Promise<Pod> {
  const keys = `http://127.0.0.1:${demo.edgePort}/.well-known/nearcast/keys.json`;
  const settings = { MANIFEST_KEYS: keys, REPORT_INTERVAL: '2', DRAIN_SECONDS: String(DRAIN_SECONDS) };
  const pod = await startPod(tree, 'NEARCAST_TRACKER', settings, GRACE_MS);
  pods.push(pod);
  await vi.waitUntil(() => pod.isReady(), { timeout: 10_000 });
  service.add(pod);
  return pod;
}

/** The page of the demo, sent to the service in place of the demo's own tracker. */
async function watch(): Promise<Viewer> {
  const viewer = await openViewer(browser, (page) =>
    page.route('**/settings.json', async (route) => {
      const settings = await (await route.fetch()).json();
      await route.fulfill({ json: { ...settings, trackerPort: service.port } });
    }),
  );
  viewers.push(viewer);
  await viewer.page.goto(`${demo.url}?stream=live`);
  await playFor(viewer.page, 0.5, 30_000);
  return viewer;
}

/** From here on the page remembers stalls, and the fewest peers that it had. */
async function observe({ page }: Viewer): Promise<void> {
  await page.evaluate(() => {
    const seen = { stalls: 0, fewestPeers: Number.POSITIVE_INFINITY };
    Object.assign(window, { seen });
    document.querySelector('video')?.addEventListener('waiting', () => {
      seen.stalls += 1;
    });
    const peers = document.querySelector<HTMLElement>('[data-stat="connectedPeers"]');
    const look = () => {
      seen.fewestPeers = Math.min(seen.fewestPeers, Number(peers?.dataset.value));
    };
    look();
    if (peers) new MutationObserver(look).observe(peers, { attributes: true });
  });
}

const seenBy = ({ page }: Viewer) =>
  page.evaluate(() => (window as unknown as { seen: { stalls: number; fewestPeers: number } }).seen);

/** As a Deployment does with maxSurge 1 and maxUnavailable 0: a new one is ready before an old one is told to go. */
async function replace(old: Pod): Promise<Pod> {
  const replacement = await startTrackerPod();
  service.remove(old);
  expect(await old.terminate()).toBe(true);
  return replacement;
}

const connectionsOf = async (pod: Pod) => metricSum(await fetchMetrics(pod.adminPort), 'nearcast_tracker_connections');

test('two trackers are replaced one by one: no stall, peers are kept, and who comes in the middle shares too', async () => {
  const first = await startTrackerPod();
  const second = await startTrackerPod();
  const early = [await watch(), await watch()];
  await vi.waitUntil(async () => (await readStats((early[0] as Viewer).page)).connectedPeers === 1, {
    timeout: 30_000,
  });
  await vi.waitUntil(async () => (await readStats((early[1] as Viewer).page)).connectedPeers === 1, {
    timeout: 30_000,
  });
  await Promise.all(early.map(observe));
  expect(await connectionsOf(first)).toBe(2);

  const [third, late] = await Promise.all([replace(first), watch()]);
  const fourth = await replace(second);

  await vi.waitUntil(async () => (await connectionsOf(third)) + (await connectionsOf(fourth)) === 3, {
    timeout: 30_000,
  });
  await vi.waitUntil(async () => (await readStats(late.page)).peerBytes > 0, { timeout: 60_000 });
  await Promise.all(viewers.map(({ page }) => playFor(page, 6, 40_000)));
  for (const viewer of early) expect(await seenBy(viewer)).toEqual({ stalls: 0, fewestPeers: 1 });
  expect(viewers.flatMap(({ errors }) => errors)).toEqual([]);
});
