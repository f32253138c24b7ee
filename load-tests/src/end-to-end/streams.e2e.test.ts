import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mediaFolder, sampleOrigin } from '@nearcast/demo/sample-origin';
import { startEdge } from '@nearcast/origin-proxy';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { startTracker } from '@nearcast/tracker';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, type Viewer } from '../browsers/chromium.ts';
import { openPlayerSite } from './player-site.ts';
import { hasNoErrors, openPlayer, positionOf, statsOf } from './player-viewer.ts';
import { asByteRanges, asEncrypted } from './repackaged.ts';

const anyPorts = { port: 0, adminPort: 0, host: '127.0.0.1' };
const closers: (() => Promise<void>)[] = [];
let browser: Browser;
/** Who serves the streams. */
const servers = { edge: '', 'live edge': '', 'plain file server': '' };
let trackerUrl: string;
let siteUrl: string;
let viewers: Viewer[] = [];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-'));
  closers.push(() => rm(folder, { recursive: true }));
  await asByteRanges(join(mediaFolder, 'vod'), join(folder, 'ranges'));
  await asEncrypted(join(mediaFolder, 'live'), join(folder, 'encrypted'));
  const signingKey = join(folder, 'signing-key.pem');
  const edge = await startEdge({ origin: folder, signingKey: [signingKey], ...anyPorts });
  closers.push(() => edge.close());
  servers.edge = `http://127.0.0.1:${edge.port}`;
  const packager = sampleOrigin();
  await listen(packager, 0, '127.0.0.1');
  closers.push(() => closeServer(packager, 0));
  const origin = `http://127.0.0.1:${portOf(packager)}`;
  const liveEdge = await startEdge({ origin, signingKey: [signingKey], ...anyPorts });
  closers.push(() => liveEdge.close());
  servers['live edge'] = `http://127.0.0.1:${liveEdge.port}`;
  await promisify(execFile)(process.execPath, [
    ...['-C', '@nearcast/source', fileURLToPath(new URL('../../../origin-proxy/src/main.ts', import.meta.url))],
    ...['sign', folder, '--signing-key', signingKey, '--keys', join(folder, 'keys.json')],
  ]);
  const files = createServer(express().use(express.static(folder, { setHeaders: allowAll })));
  await listen(files, 0, '127.0.0.1');
  closers.push(() => closeServer(files, 0));
  servers['plain file server'] = `http://127.0.0.1:${portOf(files)}`;
  const tracker = await startTracker({ manifestKeys: `${servers['plain file server']}/keys.json`, ...anyPorts });
  closers.push(() => tracker.close());
  trackerUrl = `ws://127.0.0.1:${tracker.port}`;
  const site = await openPlayerSite();
  closers.push(() => site.close());
  siteUrl = site.url;
  browser = await launchChromium();
  closers.push(() => browser.close());
});

afterEach(async () => {
  await Promise.all(viewers.map((viewer) => viewer.close()));
  viewers = [];
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function allowAll(response: express.Response): void {
  response.set({ 'access-control-allow-origin': '*', 'access-control-allow-headers': 'range' });
}

async function watch(playlistUrl: string): Promise<Page> {
  const viewer = await openPlayer(browser, siteUrl);
  viewers.push(viewer);
  const { page } = viewer;
  await page.evaluate(([playlist, tracker]) => window.player.play(playlist, { tracker }), [
    playlistUrl,
    trackerUrl,
  ] as const);
  return page;
}

test.each<[string, keyof typeof servers]>([
  ['ranges', 'edge'],
  ['encrypted', 'edge'],
  ['ranges', 'plain file server'],
])('%s from the %s: what viewers have they pass on, and it plays', { timeout: 120_000 }, async (stream, server) => {
  const playlistUrl = `${servers[server]}/${stream}/master.m3u8`;
  const first = await watch(playlistUrl);
  await vi.waitFor(async () => expect(await positionOf(first)).toBeGreaterThan(6), { timeout: 60_000 });
  const second = await watch(playlistUrl);
  await vi.waitFor(async () => expect((await statsOf(second))?.peerBytes).toBeGreaterThan(300_000), {
    timeout: 60_000,
  });
  await vi.waitFor(async () => expect(await positionOf(second)).toBeGreaterThan(8), { timeout: 60_000 });
  for (const page of [first, second]) {
    await hasNoErrors(page);
    expect(await statsOf(page)).toMatchObject({ rejectedChunks: 0, mode: 'swarm' });
  }
});

test('low latency: parts are passed on, too, and nobody falls behind', { timeout: 120_000 }, async () => {
  const playlistUrl = `${servers['live edge']}/low-latency/master.m3u8`;
  const pages = [await watch(playlistUrl), await watch(playlistUrl)];
  for (const page of pages) {
    await vi.waitFor(async () => expect((await statsOf(page))?.peerBytes).toBeGreaterThan(50_000), {
      timeout: 60_000,
    });
    const [latency, part] = await page.evaluate(() => {
      const { hls } = window.player;
      return [hls?.latency, hls?.levels[0]?.details?.partTarget] as const;
    });
    expect(part).toBe(0.5);
    // 1.5 s is the aim; a full machine falls behind it.
    expect(latency).toBeLessThan(10);
    await hasNoErrors(page);
    expect(await statsOf(page)).toMatchObject({ rejectedChunks: 0, mode: 'swarm' });
  }
});
