import { type Demo, startDemo } from '@nearcast/demo';
import { type RedisServer, startRedis } from '@nearcast/tracker/testing/redis-server';
import { allSee, sumOf } from '@nearcast/tracker/testing/replica-metrics';
import { startTrackerProcess, type TrackerProcess } from '@nearcast/tracker/testing/tracker-process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, type Viewer } from '../browsers/chromium.ts';
import { openPlayerSite } from './player-site.ts';
import { openPlayer, playsOn, statsOf } from './player-viewer.ts';

const host = '127.0.0.1';
let browser: Browser;
let demo: Demo;
let redis: RedisServer;
let site: Awaited<ReturnType<typeof openPlayerSite>>;
const replicas: TrackerProcess[] = [];
const viewers: Viewer[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  demo = await startDemo({ port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 });
  redis = await startRedis();
  const keys = `http://${host}:${demo.edgePort}/.well-known/nearcast/keys.json`;
  for (let count = 0; count < 2; count++) {
    replicas.push(await startTrackerProcess('--redis', redis.url, '--manifest-keys', keys));
  }
  site = await openPlayerSite();
});

afterAll(async () => {
  for (const viewer of viewers) await viewer.close();
  await browser.close();
  await site.close();
  for (const replica of replicas) await replica.end('SIGKILL');
  await redis.kill();
  await demo.close();
});

/** @param trackers in the order in which this viewer tries them */
async function watch(...trackers: readonly TrackerProcess[]): Promise<Page> {
  const viewer = await openPlayer(browser, site.url);
  viewers.push(viewer);
  const { page } = viewer;
  const playlist = `http://${host}:${demo.edgePort}/live/master.m3u8`;
  const tracker = trackers.map(({ port }) => `ws://${host}:${port}`);
  await page.evaluate(([url, options]) => window.player.play(url, options), [playlist, { tracker }] as const);
  return page;
}

const soon = { timeout: 40_000, interval: 200 };

/** From each other: nobody else is there. */
async function share(pages: readonly Page[]): Promise<void> {
  const received = async () =>
    (await Promise.all(pages.map(statsOf))).reduce((sum, one) => sum + (one?.peerBytes ?? 0), 0);
  const before = await received();
  await vi.waitFor(async () => expect(await received()).toBeGreaterThan(before), soon);
}

test('viewers of two replicas share, keep playing when one is killed, and meet again at the other', async () => {
  const [one, two] = replicas as [TrackerProcess, TrackerProcess];
  await allSee(replicas, 2);
  const pages = [await watch(one, two), await watch(two, one)];
  for (const page of pages) await vi.waitFor(async () => expect((await statsOf(page))?.connectedPeers).toBe(1), soon);
  for (const replica of replicas) expect(await sumOf([replica], 'nearcast_tracker_connections')).toBe(1);
  await share(pages);

  await one.end('SIGKILL');
  for (const page of pages) await playsOn(page);
  await vi.waitFor(async () => expect(await sumOf([two], 'nearcast_tracker_connections')).toBe(2), soon);
  await vi.waitFor(async () => {
    expect(await sumOf([two], 'nearcast_tracker_peers{dialect="nearcast"}')).toBe(2);
    for (const page of pages) expect(await statsOf(page)).toMatchObject({ connectedPeers: 1, mode: 'swarm' });
  }, soon);
  await share(pages);
  for (const page of pages) await playsOn(page);
});
