import { createHmac } from 'node:crypto';
import { type Demo, startDemo } from '@nearcast/demo';
import { startTracker, type Tracker } from '@nearcast/tracker';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, type Viewer } from '../browsers/chromium.ts';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import { openPlayerSite } from './player-site.ts';
import { openPlayer, playsOn, statsOf } from './player-viewer.ts';

const host = '127.0.0.1';
const secret = Buffer.alloc(32, 7);
let browser: Browser;
let demo: Demo;
let tracker: Tracker;
let site: Awaited<ReturnType<typeof openPlayerSite>>;
const viewers: Viewer[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  demo = await startDemo({ port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 });
  tracker = await startTracker({
    port: 0,
    adminPort: 0,
    host,
    tokenKey: [secret.toString('hex')],
    turnUrl: ['turn:127.0.0.1:9'],
    turnSecret: 'shared',
    manifestKeys: `http://${host}:${demo.edgePort}/.well-known/nearcast/keys.json`,
  });
  site = await openPlayerSite();
});

afterAll(async () => {
  for (const viewer of viewers) await viewer.close();
  await browser.close();
  await site.close();
  await tracker.close();
  await demo.close();
});

/** What a site's backend does, with nothing but HMAC (RFC 7515 appendix A.1). */
function tokenFor(swarm: string | readonly string[], seconds: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ swarm, exp })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

async function openPage(freshToken: () => string): Promise<Page> {
  const viewer = await openPlayer(browser, site.url, async (page) => {
    await page.exposeFunction('freshToken', freshToken);
    await page.addInitScript(rememberTurnUsers);
  });
  viewers.push(viewer);
  return viewer.page;
}

async function watch(
  swarm: string,
  freshToken: () => string,
  engine: 'swarm' | 'p2p-media-loader' = 'swarm',
): Promise<{ page: Page; warnings: string[] }> {
  const page = await openPage(freshToken);
  const warnings: string[] = [];
  await page.exposeFunction('warned', (warning: string) => warnings.push(warning));
  await page.evaluate(
    ([playlist, url, id, engine]) => {
      const { freshToken, warned } = window as unknown as {
        freshToken: () => Promise<string>;
        warned: (warning: string) => void;
      };
      window.player.play(playlist, { tracker: url, swarm: id, token: freshToken, engine });
      window.player.session?.on('warning', ({ reason, message }) => warned(`${reason}: ${message}`));
    },
    [`http://${host}:${demo.edgePort}/live/master.m3u8`, `ws://${host}:${tracker.port}`, swarm, engine] as const,
  );
  return { page, warnings };
}

/** The names with which this page's connections would log in to a TURN server. */
function rememberTurnUsers(): void {
  const users: string[] = [];
  Object.assign(window, { turnUsers: users });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      users.push(configuration?.iceServers?.[0]?.username ?? 'nobody');
    }
  };
}

const turnUsers = (page: Page) => page.evaluate(() => (window as unknown as { turnUsers: string[] }).turnUsers);

const isConnected = (page: Page) =>
  vi.waitFor(async () => expect((await statsOf(page))?.connectedPeers).toBe(1), { timeout: 40_000 });

test('[S10] a player with a token function meets others, renews, is shown out, and comes back', async () => {
  let asked = 0;
  let stale: string | undefined;
  // Ten more seconds are allowed for clocks that differ: renewed after six to eight.
  const short = await watch('movie', () => {
    asked += 1;
    return stale ?? tokenFor('movie', 0);
  });
  await playsOn(short.page);
  const long = await watch('movie', () => tokenFor('movie', 600));
  await isConnected(short.page);
  await isConnected(long.page);
  const askedBefore = asked;
  await vi.waitFor(() => expect(asked).toBeGreaterThanOrEqual(askedBefore + 2), { timeout: 40_000, interval: 200 });
  expect(short.warnings).toEqual([]);
  expect((await statsOf(short.page))?.connectedPeers).toBe(1);

  stale = tokenFor('movie', -60);
  await vi.waitFor(async () => expect((await statsOf(short.page))?.reason).toBe('the tracker wants another token'), {
    timeout: 40_000,
  });
  expect((await statsOf(short.page))?.connectedPeers).toBe(0);
  expect(short.warnings.filter((warning) => warning.includes('unauthorised'))).toEqual([
    'tracker-refused: unauthorised: the token has expired',
  ]);
  await playsOn(short.page);

  stale = undefined;
  await isConnected(short.page);
  await playsOn(short.page);
  await playsOn(long.page);
});

test('[S10] a player without a good token plays from the edge, with one warning', async () => {
  const guest = await watch('movie', () => tokenFor('another movie', 600));
  await playsOn(guest.page);
  await vi.waitFor(() =>
    expect(guest.warnings).toEqual(['tracker-refused: unauthorised: the token is for another swarm']),
  );
  await playsOn(guest.page);
  expect(guest.warnings).toHaveLength(1);
  expect(await statsOf(guest.page)).toMatchObject({ mode: 'edge-only', connectedPeers: 0, peerBytes: 0 });
});

test('the p2p-media-loader engine shows its token when it announces, and uses the ICE servers of the tracker alone', async () => {
  const token = () => tokenFor(['movie', 'webtorrent:*'], 600);
  const pages = [await watch('movie', token, 'p2p-media-loader'), await watch('movie', token, 'p2p-media-loader')];
  for (const { page } of pages) {
    await isConnected(page);
    const users = new Set(await turnUsers(page));
    expect([...users]).toEqual([expect.stringMatching(/^\d+:[\w-]+$/)]);
  }
  for (const { page, warnings } of pages) {
    await playsOn(page);
    expect(warnings).toEqual([]);
  }
});

test('without a token for it the p2p-media-loader engine plays from the edge', async () => {
  const guest = await watch('movie', () => tokenFor('movie', 600), 'p2p-media-loader');
  await playsOn(guest.page);
  await vi.waitFor(
    async () => {
      const metrics = await fetchMetrics(tracker.adminPort);
      expect(metricSum(metrics, 'nearcast_tracker_refused_announces_total', 'because="not-allowed"')).toBeGreaterThan(
        0,
      );
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(await statsOf(guest.page)).toMatchObject({ connectedPeers: 0, peerBytes: 0 });
  await playsOn(guest.page);
});

async function download(page: Page): Promise<void> {
  await page.evaluate(
    ([fileUrl, url]) => {
      const { freshToken } = window as unknown as { freshToken: () => Promise<string> };
      window.player.download(fileUrl, { tracker: url, token: freshToken });
    },
    [`http://${host}:${demo.edgePort}/files/film.mp4`, `ws://${host}:${tracker.port}`] as const,
  );
  expect(await page.evaluate(async () => (await window.player.file?.finished)?.verified)).toBe(true);
}

const fileStats = (page: Page) => page.evaluate(() => window.player.file?.stats);

test('files show their token when they announce', async () => {
  const token = () => tokenFor('*', 600);
  const first = await openPage(token);
  await download(first);
  const second = await openPage(token);
  await download(second);
  await vi.waitFor(async () => expect((await fileStats(first))?.connectedPeers).toBe(1), { timeout: 40_000 });

  const stranger = await openPage(() => tokenFor('movie', 600));
  await download(stranger);
  expect(await fileStats(stranger)).toMatchObject({ connectedPeers: 0, peerBytes: 0 });
});
