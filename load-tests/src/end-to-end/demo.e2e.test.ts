import { type Demo, startDemo } from '@nearcast/demo';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import { playFor, readStats, type ShownStats } from './demo-page.ts';

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

async function watch(stream: 'live' | 'vod', count: number, prepare?: (page: Page) => Promise<unknown>): Promise<void> {
  for (let number = 0; number < count; number++) {
    const viewer = await openViewer(browser, prepare);
    viewers.push(viewer);
    await viewer.page.goto(`${demo.url}?stream=${stream}`);
    await playFor(viewer.page, 0.5, 20_000);
  }
}

async function statsOfAll(): Promise<ShownStats[]> {
  return await Promise.all(viewers.map(({ page }) => readStats(page)));
}

async function untilAll(condition: (stats: ShownStats) => boolean, timeout: number): Promise<void> {
  await vi.waitFor(async () => expect((await statsOfAll()).every(condition)).toBe(true), { timeout, interval: 250 });
}

const total = (all: readonly ShownStats[], name: 'peerBytes' | 'edgeBytes' | 'uploadedBytes') =>
  all.reduce((sum, stats) => sum + stats[name], 0);

describe.each(['live', 'vod'] as const)('three viewers of the %s stream', (stream) => {
  test('play, meet, share, and are counted alike by themselves, tracker and edge', async () => {
    demo = await startDemo(freePorts);
    await watch(stream, 3);
    await untilAll(({ connectedPeers, mode }) => connectedPeers === 2 && mode === 'swarm', 30_000);
    await Promise.all(viewers.map(({ page }) => playFor(page, 12, 40_000)));
    await vi.waitFor(async () => expect(total(await statsOfAll(), 'peerBytes')).toBeGreaterThan(1_000_000), {
      timeout: 30_000,
    });

    // A paused viewer of a live stream fetches on for half a minute: all report right before accounts are compared.
    const reportAll = () =>
      Promise.all(viewers.map(({ page }) => page.evaluate(() => dispatchEvent(new Event('pagehide')))));
    for (const { page } of viewers) {
      await page.locator('video').evaluate((video) => (video as HTMLVideoElement).pause());
    }
    await vi.waitFor(
      async () => {
        await reportAll();
        const [all, tracker, edge] = [
          await statsOfAll(),
          await fetchMetrics(demo.trackerAdminPort),
          await fetchMetrics(demo.edgeAdminPort),
        ];
        const told = (source: string) =>
          metricSum(tracker, 'nearcast_player_delivered_bytes_total', `source="${source}"`);
        expect(told('peer')).toBeGreaterThan(0);
        expect(Math.abs(told('peer') - total(all, 'peerBytes'))).toBeLessThan(0.05 * total(all, 'peerBytes'));
        expect(Math.abs(told('edge') - total(all, 'edgeBytes'))).toBeLessThan(0.05 * total(all, 'edgeBytes'));
        const sent = metricSum(edge, 'nearcast_edge_sent_bytes_total', 'kind="segment"');
        expect(Math.abs(sent - total(all, 'edgeBytes'))).toBeLessThan(0.05 * sent);
      },
      { timeout: 20_000, interval: 500 },
    );
    expect(viewers.flatMap(({ errors }) => errors)).toEqual([]);
  });
});

test('with the tracker killed in the middle, playback goes on without a stall', async () => {
  demo = await startDemo(freePorts);
  await watch('live', 2);
  await untilAll(({ connectedPeers }) => connectedPeers === 1, 30_000);
  const countStalls = (page: Page) =>
    page.locator('video').evaluate((video) => {
      const counter = window as unknown as { stalls: number };
      counter.stalls = 0;
      video.addEventListener('waiting', () => {
        counter.stalls += 1;
      });
    });
  await Promise.all(viewers.map(({ page }) => countStalls(page)));
  await demo.killTracker();
  await Promise.all(viewers.map(({ page }) => playFor(page, 15, 25_000)));
  const stalls = viewers.map(({ page }) => page.evaluate(() => (window as unknown as { stalls: number }).stalls));
  expect(await Promise.all(stalls)).toEqual([0, 0]);
  // What the two have is theirs: they go on sharing without a tracker.
  const [before] = await statsOfAll();
  expect(before?.connectedPeers).toBe(1);
});

test('a viewer without WebRTC plays from the edge, and the page says why', async () => {
  demo = await startDemo(freePorts);
  await watch('live', 1, (page) => page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection')));
  const [{ page }] = viewers as [Viewer];
  await playFor(page, 6, 20_000);
  const stats = await readStats(page);
  expect([stats.mode, stats.peerBytes]).toEqual(['edge-only', 0]);
  expect(stats.edgeBytes).toBeGreaterThan(500_000);
  await expect(page.locator('[data-stat="mode"]').textContent()).resolves.toContain('no WebRTC');
});

test('switching off leaves the swarm at once, and switching on comes back', async () => {
  demo = await startDemo(freePorts);
  await watch('live', 2);
  await untilAll(({ connectedPeers }) => connectedPeers === 1, 30_000);
  const [first] = viewers as [Viewer, Viewer];
  await first.page.locator('#share').uncheck();
  await untilAll(({ connectedPeers }) => connectedPeers === 0, 10_000);
  expect((await readStats(first.page)).mode).toBe('off');
  await playFor(first.page, 5, 20_000);
  await first.page.locator('#share').check();
  await untilAll(({ connectedPeers }) => connectedPeers === 1, 40_000);
});

test('"Open another viewer" opens one that plays', async () => {
  demo = await startDemo(freePorts);
  await watch('vod', 1);
  const [{ page }] = viewers as [Viewer];
  const [popup] = await Promise.all([page.context().waitForEvent('page'), page.locator('#another').click()]);
  await playFor(popup, 2, 20_000);
});
