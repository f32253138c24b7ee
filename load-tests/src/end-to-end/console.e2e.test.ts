import { type Demo, startDemo } from '@nearcast/demo';
import { startTracker } from '@nearcast/tracker';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import { playFor } from './demo-page.ts';

const freePorts = { port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 };

let browser: Browser;
let demo: Demo;
let cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  demo = await startDemo(freePorts);
});
afterEach(async () => {
  for (const clean of cleanups.reverse()) await clean();
  cleanups = [];
  await demo.close();
});

async function watch(): Promise<Viewer> {
  const viewer = await openViewer(browser);
  cleanups.push(viewer.close);
  await viewer.page.goto(`${demo.url}?stream=live`);
  await playFor(viewer.page, 0.5, 30_000);
  return viewer;
}

async function openConsole(port = demo.trackerAdminPort): Promise<Viewer> {
  const looker = await openViewer(browser);
  cleanups.push(looker.close);
  await looker.page.goto(`http://127.0.0.1:${port}/console/`);
  return looker;
}

async function untilDrawn(page: Page, viewers: number): Promise<void> {
  await vi.waitFor(async () => expect(await page.locator('#drawing circle').count()).toBe(viewers), {
    timeout: 30_000,
    interval: 200,
  });
}

const text = (page: Page, id: string) => page.locator(`#${id}`).innerText();

test('a swarm forms and a viewer leaves before the operator’s eyes', async () => {
  const { page, errors } = await openConsole();
  await untilDrawn(page, 0);
  const [first] = [await watch(), await watch()];
  await untilDrawn(page, 2);
  await vi.waitFor(
    async () => {
      expect(Number(await page.locator('#drawing line').first().getAttribute('data-bytes'))).toBeGreaterThan(100_000);
      expect(await page.locator('#drawing circle.duty').count()).toBe(2);
      expect(await text(page, 'offload')).toMatch(/^[1-9]\d? %$/);
      expect(await text(page, 'count-sent')).toMatch(/MB$/);
    },
    { timeout: 40_000, interval: 250 },
  );
  expect(await text(page, 'swarms')).toContain('/live/master.m3u8');
  expect(await page.locator('#health [data-well="true"]').count()).toBe(4);
  // By keyboard: from the first viewer to the second, and told what it does.
  await page.locator('#drawing circle').first().focus();
  await page.keyboard.press('Tab');
  expect(await text(page, 'viewer')).toMatch(/^Viewer .{4}: fetches \d+ % of the stream for others; had /);
  await first.close();
  await untilDrawn(page, 1);
  // Nothing on the page says where anybody is.
  expect(await page.content()).not.toMatch(/127\.0\.0\.1|\b\d+\.\d+\.\d+\.\d+\b|::1/);
  expect(errors).toEqual([]);
});

test('with the tracker restarted the console comes back by itself', async () => {
  const { page, errors } = await openConsole();
  await page.locator('#connection[data-state="live"]').waitFor();
  await demo.killTracker();
  await page.locator('#connection[data-state="lost"]').waitFor();
  const again = await startTracker({ port: demo.trackerPort, adminPort: demo.trackerAdminPort, host: '127.0.0.1' });
  cleanups.push(() => again.close());
  await page.locator('#connection[data-state="live"]').waitFor();
  expect(errors).toEqual([]);
});

test('with an admin token nothing is told without it', async () => {
  const guarded = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', adminToken: 'open sesame' });
  cleanups.push(() => guarded.close());
  const { page } = await openConsole(guarded.adminPort);
  await page.locator('#token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.locator('#connection', { hasText: 'asks for its admin token' }).waitFor();
  await page.locator('#token').fill('open sesame');
  await page.keyboard.press('Enter');
  await page.locator('#connection[data-state="live"]').waitFor();
  expect(await page.locator('#login').isVisible()).toBe(false);
});

test.each(['light', 'dark'] as const)('on a phone, %s, nothing is cut off', async (colorScheme) => {
  const { page } = await openConsole();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('#connection[data-state="live"]').waitFor();
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
  const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(18, 21, 26)');
});
