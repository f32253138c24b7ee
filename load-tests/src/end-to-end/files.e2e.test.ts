import { type Demo, startDemo } from '@nearcast/demo';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import { fetchMetrics, playFor, readStats, sumOf } from './demo-page.ts';

const freePorts = { port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 };

let browser: Browser;
let demo: Demo;
let viewers: Viewer[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser.close());

afterEach(async () => {
  await Promise.all(viewers.map((viewer) => viewer.close()));
  viewers = [];
  await demo.close();
});

async function watch(prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const viewer = await openViewer(browser, prepare);
  viewers.push(viewer);
  await viewer.page.goto(`${demo.url}?stream=download`);
  await playFor(viewer.page, 0.5, 30_000);
  return viewer.page;
}

const sourceOf = (page: Page) => page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentSrc);

test('two viewers share an MP4 while they play it, and seek', async () => {
  demo = await startDemo({ ...freePorts, onlyPublishedFiles: true });
  const first = await watch();
  expect(await sourceOf(first)).toContain('/nearcast-files/');
  await playFor(first, 8, 30_000);
  const second = await watch();
  await vi.waitFor(async () => expect((await readStats(second)).peerBytes).toBeGreaterThan(500_000), {
    timeout: 40_000,
    interval: 250,
  });
  for (const page of [first, second]) {
    await page.locator('video').evaluate((video) => {
      (video as HTMLVideoElement).currentTime = 45;
    });
    await playFor(page, 2, 30_000);
    expect(await sourceOf(page)).toContain('/nearcast-files/');
  }
  expect((await readStats(first)).uploadedBytes).toBeGreaterThan(500_000);
  await vi.waitFor(
    async () => {
      const tracker = await fetchMetrics(demo.trackerAdminPort);
      expect(sumOf(tracker, 'nearcast_tracker_torrent_swarms')).toBe(1);
      expect(sumOf(tracker, 'nearcast_tracker_published_files')).toBe(1);
      expect(sumOf(tracker, 'nearcast_player_delivered_bytes_total', 'source="peer"')).toBeGreaterThan(500_000);
    },
    { timeout: 20_000, interval: 500 },
  );
  expect(viewers.flatMap(({ errors }) => errors)).toEqual([]);
});
