import { fileURLToPath } from 'node:url';
import { startDemo } from '@nearcast/demo';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, openViewer } from '../browsers/chromium.ts';
import { playFor, readStats } from '../end-to-end/demo-page.ts';

/** Takes the pictures of the README from a real run: `npm run pictures`. */
const VIEWERS = 4;
const PLAYED_SECONDS = 45;
const folder = new URL('../../../docs/pictures/', import.meta.url);

const file = (name: string) => fileURLToPath(new URL(name, folder));

async function take(browser: Browser): Promise<void> {
  const demo = await startDemo({ port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 });
  try {
    const pages: Page[] = [];
    for (let viewer = 0; viewer < VIEWERS; viewer++) {
      const { page } = await openViewer(browser);
      await page.goto(`${demo.url}?stream=live`);
      await playFor(page, 1, 60_000);
      pages.push(page);
    }
    const [player] = pages as [Page];
    const { page: console } = await openViewer(browser);
    await console.goto(`http://127.0.0.1:${demo.trackerAdminPort}/console/`);
    await playFor(player, PLAYED_SECONDS, 180_000);
    const { peerBytes } = await readStats(player);
    if (peerBytes === 0) throw new Error('nothing was shared, so there is nothing to show');
    await console.locator('#drawing circle').first().click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await console.emulateMedia({ colorScheme });
      // The chart is drawn anew in the other colours.
      await console.waitForFunction(() => document.querySelector('#traffic canvas') !== null);
      await console.screenshot({ path: file(`console-${colorScheme}.png`), fullPage: true });
    }
    await player.screenshot({ path: file('player.jpg'), quality: 80, clip: { x: 0, y: 0, width: 1200, height: 640 } });
    await console.setViewportSize({ width: 390, height: 844 });
    await console.screenshot({ path: file('console-phone.png') });
  } finally {
    await demo.close();
  }
}

const browser = await launchChromium();
try {
  await take(browser);
} finally {
  await browser.close();
}
