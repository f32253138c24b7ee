import type { P2PStats } from '@nearcast/player-plugin';
import type { Browser, Page } from 'playwright-core';
import { openViewer, type Viewer } from '../browsers/chromium.ts';
import { playFor } from './demo-page.ts';

/** @param prepare before anything of the site is loaded */
export async function openPlayer(
  browser: Browser,
  siteUrl: string,
  prepare?: (page: Page) => Promise<unknown>,
): Promise<Viewer> {
  const viewer = await openViewer(browser, prepare);
  await viewer.page.goto(siteUrl);
  await viewer.page.waitForFunction(() => window.player !== undefined);
  return viewer;
}

/** @returns what is said of the session; nothing before there is one */
export function statsOf(page: Page): Promise<P2PStats | undefined> {
  return page.evaluate(() => window.player.session?.stats);
}

/** Of the playhead, s. */
export function positionOf(page: Page): Promise<number> {
  return page.evaluate(() => (document.querySelector('video') as HTMLVideoElement).currentTime);
}

/** Plays on for a while from wherever it is, and nothing fatal happened. */
export async function playsOn(page: Page, seconds = 1): Promise<void> {
  await playFor(page, seconds, 40_000);
  await hasNoErrors(page);
}

/** @throws {Error} with what hls.js called fatal */
export async function hasNoErrors(page: Page): Promise<void> {
  const errors = await page.evaluate(() => window.player.errors);
  if (errors.length > 0) throw new Error(`Errors of the player: ${JSON.stringify(errors)}`);
}
