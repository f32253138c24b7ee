import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Demo, startDemo } from '@nearcast/demo';
import { mediaFolder } from '@nearcast/demo/sample-origin';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import WebTorrent from 'webtorrent';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import { playFor, readStats } from './demo-page.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

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

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const film = await readFile(`${mediaFolder}/files/film.mp4`);
const edgeUrl = (path: string) => `http://localhost:${demo.edgePort}${path}`;

/** No other ways to meet than the tracker, and no STUN server on the internet. */
const webOnly = { dht: false, lsd: false, natUpnp: false, natPmp: false, utp: false };

/** Presses the button and gives what the browser saved. */
async function download(page: Page): Promise<Buffer> {
  const [saved] = await Promise.all([
    page.waitForEvent('download', { timeout: 60_000 }),
    page.locator('#save').click(),
  ]);
  await vi.waitFor(
    async () => expect(await page.locator('#verified').textContent()).toBe('every piece verified'),
    patience,
  );
  return await readFile(await saved.path());
}

/** The page, with nothing played: only what the button does is counted. */
const withoutVideo = (page: Page) =>
  page.addInitScript(() => {
    HTMLMediaElement.prototype.play = async () => undefined;
    Object.defineProperty(HTMLMediaElement.prototype, 'src', { set: () => undefined });
  });

async function openDownloadPage(prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const viewer = await openViewer(browser, async (page) => {
    await withoutVideo(page);
    await prepare?.(page);
  });
  viewers.push(viewer);
  await viewer.page.goto(`${demo.url}?stream=download`);
  return viewer.page;
}

/** The link that the edge hands out, without the web seed, so that whoever uses it depends on peers; with the tracker. */
async function magnetWithTracker(): Promise<string> {
  const response = await fetch(edgeUrl('/files/film.mp4.torrent'));
  const magnet = String(response.headers.get('x-magnet-uri')).replace(/&ws=[^&]*/, '');
  return `${magnet}&tr=${encodeURIComponent(`ws://localhost:${demo.trackerPort}`)}`;
}

const sourceOf = (page: Page) => page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentSrc);

/** What the console's page is fed with first. */
async function swarmsOnConsole(port: number): Promise<readonly { readonly viewers: number }[]> {
  const { body } = await fetch(`http://127.0.0.1:${port}/console/events`);
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of body as ReadableStream<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
    const view = /^event: view\ndata: (.*)$/m.exec(text)?.[1];
    if (view !== undefined && text.endsWith('\n\n')) return JSON.parse(view).swarms;
  }
  throw new Error('the console said nothing of swarms');
}

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
  expect((await swarmsOnConsole(demo.trackerAdminPort)).map(({ viewers }) => viewers)).toEqual([2]);
  await vi.waitFor(
    async () => {
      const tracker = await fetchMetrics(demo.trackerAdminPort);
      expect(metricSum(tracker, 'nearcast_tracker_torrent_swarms')).toBe(1);
      expect(metricSum(tracker, 'nearcast_tracker_published_files')).toBe(1);
      expect(metricSum(tracker, 'nearcast_player_delivered_bytes_total', 'source="peer"')).toBeGreaterThan(500_000);
    },
    { timeout: 20_000, interval: 500 },
  );
  expect(viewers.flatMap(({ errors }) => errors)).toEqual([]);
});

test('a download comes from the web seed when nobody else is there, and is what the origin has', async () => {
  demo = await startDemo({ ...freePorts, onlyPublishedFiles: true });
  const first = await openDownloadPage();
  expect(sha256(await download(first))).toBe(sha256(film));
  expect((await readStats(first)).peerBytes).toBe(0);
});

test('a stock WebTorrent client in Node takes part: it gets the whole file from a viewer', async () => {
  demo = await startDemo({ ...freePorts, onlyPublishedFiles: true });
  const viewer = await openDownloadPage();
  await download(viewer);
  const client = new WebTorrent({ ...webOnly, tracker: { rtcConfig: { iceServers: [] } } });
  onTestFinished(() => new Promise<void>((resolve) => client.destroy(() => resolve())));
  const torrent = client.add(await magnetWithTracker(), { path: await emptyFolder() });
  await new Promise<void>((resolve, reject) => {
    torrent.on('done', resolve);
    torrent.on('error', reject);
    client.on('error', reject);
  });
  const [file] = torrent.files;
  expect(sha256(new Uint8Array((await file?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(sha256(film));
  await vi.waitFor(
    async () => expect((await readStats(viewer)).uploadedBytes).toBeGreaterThanOrEqual(film.length),
    patience,
  );
});

/** Every answer to the client's own requests for the file, spoilt; what a media element asks for is as it is. */
async function spoilWebSeed(page: Page): Promise<void> {
  await page.route('**/files/film.mp4', async (route) => {
    if (route.request().resourceType() !== 'fetch' || route.request().method() !== 'GET') return await route.continue();
    const response = await route.fetch();
    const body = await response.body();
    const middle = Math.floor(body.length / 2);
    body.writeUInt8(body.readUInt8(middle) ^ 0xff, middle);
    await route.fulfill({ response, body });
  });
}

test('a web seed that sends something else is refused: nothing is saved, and the page says why', async () => {
  demo = await startDemo(freePorts);
  const page = await openDownloadPage(spoilWebSeed);
  let saved = 0;
  page.on('download', () => {
    saved += 1;
  });
  await page.locator('#save').click();
  await vi.waitFor(
    async () =>
      expect(await page.locator('#message').textContent()).toBe(
        'the edge sends another file than its torrent describes',
      ),
    { timeout: 20_000 },
  );
  expect([saved, await page.locator('#progress').evaluate((bar) => (bar as HTMLProgressElement).value)]).toEqual([
    0, 0,
  ]);
});

test.each([
  ['the torrent is missing', (page: Page) => page.route('**/*.torrent', (route) => route.fulfill({ status: 404 }))],
  [
    'the worker is missing',
    (page: Page) => page.context().route('**/nearcast-files-worker.js', (route) => route.fulfill({ status: 404 })),
  ],
  ['the torrent takes for ever', (page: Page) => page.route('**/*.torrent', () => undefined)],
  ['the web seed sends something else', spoilWebSeed],
  ['there is no WebRTC', (page: Page) => page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'))],
] as const)('playback goes on from the plain URL when %s', async (_name, prepare) => {
  demo = await startDemo(freePorts);
  const page = await watch(prepare);
  await vi.waitFor(async () => expect(await sourceOf(page)).toBe(edgeUrl('/files/film.mp4')), { timeout: 15_000 });
  await playFor(page, 2, 20_000);
  const { mode } = await readStats(page);
  expect(mode).toBe('edge-only');
});

test('switched off, the video goes on from the plain URL where it was; switched on, it is shared again', async () => {
  demo = await startDemo(freePorts);
  const page = await watch();
  await playFor(page, 3, 20_000);
  const before = await page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime);
  await page.locator('#share').uncheck();
  await vi.waitFor(async () => expect(await sourceOf(page)).toBe(edgeUrl('/files/film.mp4')), patience);
  await page.waitForFunction((at) => (document.querySelector('video')?.currentTime ?? 0) > at, before);
  await vi.waitFor(async () => expect((await readStats(page)).mode).toBe('off'), patience);
  await page.locator('#share').check();
  await vi.waitFor(async () => expect(await sourceOf(page)).toContain('/nearcast-files/'), { timeout: 10_000 });
  await page.waitForFunction((at) => (document.querySelector('video')?.currentTime ?? 0) > at + 1, before);
});
