import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { launchChromium, openViewer } from '../browsers/chromium.ts';
import { buildPage } from '../file-bench/build-page.ts';
import type { FilePage, FileResult } from '../file-bench/file-task.ts';
import { type Services, startServices } from '../file-bench/services.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

type PageGlobal = typeof globalThis & { filePage: FilePage };

const MIB = 1024 * 1024;
const file = randomBytes(8 * MIB);
const sha1 = createHash('sha1').update(file).digest('hex');
const bundle = fileURLToPath(import.meta.resolve('webtorrent/dist/webtorrent.min.js'));

let folder: string;
let browser: Browser;
let services: Services;
let pages: Page[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-'));
  await writeFile(join(folder, 'file.bin'), file);
  await buildPage(join(folder, 'page'));
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  services = await startServices(folder, join(folder, 'page'), 'file.bin');
});

afterEach(async () => {
  await Promise.all(pages.map((page) => page.context().close()));
  pages = [];
  await services.close();
});

async function open(): Promise<Page> {
  const { page } = await openViewer(browser);
  pages.push(page);
  await page.route('**/webtorrent.min.js', (route) => route.fulfill({ path: bundle }));
  await page.goto(services.pageUrl);
  return page;
}

/** So that a download takes long enough for viewers to meet. */
async function slowLine(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const bytesPerSecond = MIB / 2;
  const conditions = {
    offline: false,
    latency: 5,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  };
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', conditions);
}

const download = (page: Page): Promise<FileResult> =>
  page.evaluate((task) => (globalThis as PageGlobal).filePage.download(task), {
    arm: 'shared' as const,
    fileUrl: services.fileUrl,
    trackerUrl: services.trackerUrl,
  });

const uploadedBy = (page: Page) => page.evaluate(() => (globalThis as PageGlobal).filePage.uploadedBytes());

async function magnet(): Promise<string> {
  const response = await fetch(`${services.fileUrl}.torrent`);
  // Without the web seed: whoever uses it depends on peers.
  const link = String(response.headers.get('x-magnet-uri')).replace(/&ws=[^&]*/, '');
  return `${link}&tr=${encodeURIComponent(services.trackerUrl)}`;
}

/** The client as it comes from npm, in a page of its own. `title` says what became of it. */
async function stockPage(script: string): Promise<Page> {
  const page = await open();
  const content = `
    import Client from '/webtorrent.min.js';
    const client = new Client({ tracker: { rtcConfig: { iceServers: [] } } });
    const digest = async (bytes) =>
      Array.from(new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    ${script}`;
  await page.addScriptTag({ type: 'module', content });
  return page;
}

const titleOf = async (page: Page, pattern: RegExp): Promise<string> => {
  await page.waitForFunction((source) => new RegExp(source).test(document.title), pattern.source, { timeout: 60_000 });
  return await page.title();
};

test('of two downloads that begin together one or both give, and together they ask the edge for less than two files', async () => {
  const before = await services.edgeBytes();
  const both = await Promise.all([open(), open()]);
  await Promise.all(both.map(slowLine));
  const results = await Promise.all(both.map(download));
  for (const { bytes, problem } of results) expect([bytes, problem]).toEqual([file.length, null]);
  // Each begins at a piece of chance: who is a little ahead of the other gives, and finds nothing with it to take.
  expect(results.reduce((sum, { peerBytes }) => sum + peerBytes, 0)).toBeGreaterThan(0);
  expect((await services.edgeBytes()) - before).toBeLessThan(2 * file.length);
});

test('who has finished gives to who comes later, until sharing is switched off', async () => {
  const first = await open();
  expect(await download(first)).toMatchObject({ peerBytes: 0, edgeBytes: file.length, problem: null });
  const second = await open();
  await slowLine(second);
  const later = await download(second);
  expect(later.problem).toBeNull();
  expect(later.peerBytes).toBeGreaterThan(MIB);
  await vi.waitFor(async () => expect(await uploadedBy(first)).toBeGreaterThan(MIB), patience);

  for (const page of [first, second]) await page.evaluate(() => (globalThis as PageGlobal).filePage.stopSharing());
  const third = await open();
  expect(await download(third)).toMatchObject({ peerBytes: 0, edgeBytes: file.length, problem: null });
});

test('the stock browser client gets the whole file from a page that has downloaded it', async () => {
  const ours = await open();
  await download(ours);
  const stock = await stockPage(`
    client.add(${JSON.stringify(await magnet())}, (torrent) => {
      torrent.on('done', async () => {
        document.title = 'got ' + (await digest(await (await torrent.files[0].blob()).arrayBuffer()));
      });
    });`);
  expect(await titleOf(stock, /^got/)).toBe(`got ${sha1}`);
  await vi.waitFor(async () => expect(await uploadedBy(ours)).toBeGreaterThanOrEqual(file.length), patience);
});

/** A stock client that has the file from the web seed of the edge's torrent, as anybody's may. `script` runs before it gives. */
async function stockSeeder(script = ''): Promise<void> {
  const stock = await stockPage(`
    const torrent = new Uint8Array(await (await fetch(${JSON.stringify(`${services.fileUrl}.torrent`)})).arrayBuffer());
    client.add(torrent, { announce: [${JSON.stringify(services.trackerUrl)}] }, (torrent) => {
      torrent.on('done', () => {
        ${script}
        document.title = 'seeding';
      });
    });`);
  await titleOf(stock, /^seeding/);
}

test('a download takes pieces from a stock browser client', async () => {
  await stockSeeder();
  const ours = await open();
  await slowLine(ours);
  const result = await download(ours);
  expect([result.bytes, result.problem]).toEqual([file.length, null]);
  expect(result.peerBytes).toBeGreaterThan(MIB);
});

test('what a peer that stops answering had been asked for comes from the edge, and the rest is not loaded again', async () => {
  // Late enough that the edge has all the rest before the peer is slow by its measured rate.
  await stockSeeder(`
    const { store } = torrent;
    const get = store.get.bind(store);
    let blocks = ${(6 * MIB) / (16 * 1024)};
    store.get = (...request) => { if (blocks-- > 0) get(...request); };`);
  const ours = await open();
  await slowLine(ours);
  const result = await download(ours);
  expect([result.bytes, result.problem]).toEqual([file.length, null]);
});
