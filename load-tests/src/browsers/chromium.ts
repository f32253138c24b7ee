import { type Browser, chromium, type Page } from 'playwright-core';
import { programs } from '../../../scripts/programs.js';

/**
 * What several viewers in one Chromium need: no throttling of pages in the background, media that starts by itself,
 * and ICE candidates on loopback, which Chromium leaves out otherwise.
 */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
];

/** @throws {Error} when there is no Chromium; `npm test` installs one where it can */
export async function launchChromium(): Promise<Browser> {
  const executablePath = programs.chromium?.find();
  if (executablePath === undefined) throw new Error('no Chromium found: node scripts/install.mjs chromium');
  return await chromium.launch({ executablePath, args: flags });
}

/** A viewer of its own: cookies, cache and storage shared with nobody. Its page's uncaught errors are collected. */
export async function openViewer(browser: Browser, prepare?: (page: Page) => Promise<unknown>): Promise<Viewer> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await prepare?.(page);
  return { page, errors, close: () => context.close() };
}

export interface Viewer {
  readonly page: Page;
  readonly errors: readonly string[];
  close(): Promise<void>;
}
