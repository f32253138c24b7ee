import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { sampleOrigin } from '@nearcast/demo/sample-origin';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { startTracker, type Tracker } from '@nearcast/tracker';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { launchChromium, openViewer } from '../browsers/chromium.ts';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';

/** Pages of sites that know nothing of Nearcast, with the packages as they are published, meet through its tracker. */

const host = '127.0.0.1';
let browser: Browser;
let tracker: Tracker;
let site: Server;

const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

beforeAll(async () => {
  browser = await launchChromium();
  tracker = await startTracker({ port: 0, adminPort: 0, host });
  const app = express();
  app.use(express.static(fileURLToPath(new URL('stock-pages', import.meta.url))));
  for (const name of ['webtorrent', 'hls.js', 'p2p-media-loader-core', 'p2p-media-loader-hlsjs']) {
    app.use(`/${name}`, express.static(`${modules}${name}/dist`));
  }
  const origin = sampleOrigin();
  app.use((request, response) => void origin.emit('request', request, response));
  site = createServer(app);
  await listen(site, 0, host);
});

afterAll(async () => {
  await browser.close();
  await closeServer(site, 0);
  await tracker.close();
});

async function open(page: string): Promise<Page> {
  const viewer = await openViewer(browser);
  onTestFinished(() => viewer.close());
  const trackerUrl = encodeURIComponent(`ws://${host}:${tracker.port}`);
  await viewer.page.goto(`http://${host}:${portOf(site)}/${page}.html?tracker=${trackerUrl}`);
  return viewer.page;
}

const evaluate = <T>(page: Page, expression: string) => page.evaluate(expression) as Promise<T>;
const relayed = async (kind: string) =>
  metricSum(await fetchMetrics(tracker.adminPort), 'nearcast_tracker_relayed_total', `kind="${kind}"`);

test('two pages with stock webtorrent: what one seeds, the other gets', async () => {
  const [seeder, leecher] = [await open('webtorrent'), await open('webtorrent')];
  const text = 'The whole film. '.repeat(10_000);
  const infoHash = await evaluate<string>(seeder, `seed(${JSON.stringify(text)})`);
  const before = await relayed('answer');
  expect(await evaluate(leecher, `download(${JSON.stringify(infoHash)})`)).toBe(text);
  expect(await relayed('answer')).toBeGreaterThan(before);
  for (const page of [seeder, leecher]) expect(await evaluate(page, 'failures')).toEqual([]);
});

interface Seen {
  readonly connected: number;
  readonly peerBytes: number;
  readonly edgeBytes: number;
  readonly failures: readonly string[];
}

test('two pages with stock p2p-media-loader connect and share a live stream', async () => {
  const pages = [await open('p2p-media-loader'), await open('p2p-media-loader')];
  const seen = () => Promise.all(pages.map((page) => evaluate<Seen>(page, 'seen')));
  await vi.waitFor(
    async () => {
      const [first, second] = await seen();
      const told = JSON.stringify([first, second]);
      expect(Math.min(first?.connected ?? 0, second?.connected ?? 0), told).toBeGreaterThan(0);
      expect((first?.peerBytes ?? 0) + (second?.peerBytes ?? 0), told).toBeGreaterThan(200_000);
    },
    { timeout: 60_000, interval: 500 },
  );
  expect((await seen()).flatMap(({ failures }) => failures)).toEqual([]);
});
