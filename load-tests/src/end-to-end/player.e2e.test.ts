import { type Demo, startDemo } from '@nearcast/demo';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, openViewer, type Viewer } from '../browsers/chromium.ts';
import type { HostileKind } from '../simulator/hostile-viewer.ts';
import { openPlayerSite } from './player-site.ts';

const freePorts = { port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 };
const host = '127.0.0.1';
let browser: Browser;
let demo: Demo;
let site: Awaited<ReturnType<typeof openPlayerSite>>;
const viewers: Viewer[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  demo = await startDemo(freePorts);
  site = await openPlayerSite();
});

afterAll(async () => {
  for (const viewer of viewers) await viewer.close();
  await browser.close();
  await site.close();
  await demo.close();
});

async function open(): Promise<Page> {
  const viewer = await openViewer(browser);
  viewers.push(viewer);
  await viewer.page.goto(site.url);
  await viewer.page.waitForFunction(() => window.player !== undefined);
  return viewer.page;
}

const playlistOf = (stream: string) => `http://${host}:${demo.edgePort}/${stream}/master.m3u8`;
const trackerUrl = () => `ws://${host}:${demo.trackerPort}`;

async function play(page: Page, stream: string, swarm: string, signed = false): Promise<void> {
  await page.evaluate(
    ([playlist, tracker, id, isSigned]) => {
      const { player } = window;
      player.play(playlist, { tracker, swarm: id }, isSigned ? player.signWith('signature') : {});
    },
    [playlistOf(stream), trackerUrl(), swarm, signed] as const,
  );
}

const position = (page: Page) => page.evaluate(() => (document.querySelector('video') as HTMLVideoElement).currentTime);

/** Plays on for a second from wherever it is, and nothing fatal happened. */
async function playsOn(page: Page): Promise<void> {
  const from = await position(page);
  await vi.waitFor(async () => expect(await position(page)).toBeGreaterThan(from + 1), { timeout: 30_000 });
  expect(await page.evaluate(() => window.player.errors)).toEqual([]);
}

test('seeks, switches, stops and recoveries of hls.js, and its end', { timeout: 120_000 }, async () => {
  const [one, two] = [await open(), await open()];
  await play(one, 'vod', 'controls');
  await playsOn(one);
  await play(two, 'vod', 'controls');
  await playsOn(two);
  await vi.waitFor(async () => expect(await two.evaluate(() => window.player.session?.stats.connectedPeers)).toBe(1), {
    timeout: 20_000,
  });
  const seekTo = (seconds: number) =>
    two.evaluate((to) => {
      (document.querySelector('video') as HTMLVideoElement).currentTime = to;
    }, seconds);
  await seekTo(20);
  await playsOn(two);
  await seekTo(4);
  await playsOn(two);
  await two.evaluate(() => {
    const hls = window.player.hls;
    if (hls) hls.nextLevel = hls.nextLevel === 0 ? 1 : 0;
  });
  await playsOn(two);
  await two.evaluate(() => {
    window.player.hls?.stopLoad();
    window.player.hls?.startLoad();
  });
  await playsOn(two);
  await two.evaluate(() => window.player.hls?.recoverMediaError());
  await playsOn(two);
  // One connection for the pair, whatever was switched.
  expect(await two.evaluate(() => window.player.session?.stats.connectedPeers)).toBe(1);
  await two.evaluate(() => window.player.hls?.destroy());
  expect(await two.evaluate(() => window.player.session?.stats.mode)).toBe('off');
  await vi.waitFor(async () => expect(await one.evaluate(() => window.player.session?.stats.connectedPeers)).toBe(0), {
    timeout: 20_000,
  });
  await playsOn(one);
});

test('requests of the engine are made as the site makes its own', { timeout: 60_000 }, async () => {
  const [one, two] = [await open(), await open()];
  const unsigned: string[] = [];
  two.on('request', (request) => {
    if (/\.(?:m4s|mp4|ts|nearcast)(?:\?|$)/.test(request.url()) && !request.url().includes('signature=1')) {
      unsigned.push(request.url());
    }
  });
  await play(one, 'live', 'signed', true);
  await playsOn(one);
  await play(two, 'live', 'signed', true);
  await vi.waitFor(
    async () => expect(await two.evaluate(() => window.player.session?.stats.peerBytes)).toBeGreaterThan(0),
    {
      timeout: 30_000,
    },
  );
  expect(unsigned).toEqual([]);
});

test.each<[HostileKind, boolean]>([
  ['wrong-bytes', true],
  ['garbage', true],
  ['piece-flood', true],
  ['control-flood', true],
  ['silent', false],
  ['liar', false],
  ['greedy', false],
])(
  'a peer that does harm over a real data channel (%s) neither stalls nor deceives',
  { timeout: 60_000 },
  async (kind, isRejected) => {
    const [viewer, other] = [await open(), await open()];
    const swarm = `hostile-${kind}`;
    const media = await (await fetch(playlistOf('vod'))).text();
    const rendition = media.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '';
    const playlist = new URL(rendition, playlistOf('vod')).href;
    await other.evaluate(([harm, tracker, url, id]) => window.player.harm(harm, tracker, url, id), [
      kind,
      trackerUrl(),
      playlist,
      swarm,
    ] as const);
    await viewer.evaluate(([url, tracker, id]) => window.player.play(url, { tracker, swarm: id }), [
      playlist,
      trackerUrl(),
      swarm,
    ] as const);
    await playsOn(viewer);
    if (isRejected) {
      await vi.waitFor(
        async () => expect(await viewer.evaluate(() => window.player.rejected.length)).toBeGreaterThan(0),
        {
          timeout: 20_000,
        },
      );
      expect(await viewer.evaluate(() => window.player.session?.stats.connectedPeers)).toBe(0);
    }
    await playsOn(viewer);
  },
);
