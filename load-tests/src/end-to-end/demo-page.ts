import type { Page } from 'playwright-core';

/** What the demo page shows of its session. */
export interface ShownStats {
  readonly peerBytes: number;
  readonly edgeBytes: number;
  readonly uploadedBytes: number;
  readonly connectedPeers: number;
  readonly offload: number;
  readonly mode: string;
}

export async function readStats(page: Page): Promise<ShownStats> {
  const texts = await page
    .locator('[data-stat]')
    .evaluateAll((outputs) =>
      Object.fromEntries(
        outputs.map((output) => [output.getAttribute('data-stat'), output.getAttribute('data-value')]),
      ),
    );
  const number = (name: string) => Number(texts[name] ?? 0);
  return {
    peerBytes: number('peerBytes'),
    edgeBytes: number('edgeBytes'),
    uploadedBytes: number('uploadedBytes'),
    connectedPeers: number('connectedPeers'),
    offload: number('offload'),
    mode: texts.mode ?? '',
  };
}

/** Resolves when the video has played `seconds` more than it had at the call. */
export async function playFor(page: Page, seconds: number, timeoutMs: number): Promise<void> {
  const from = await page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime);
  await page.waitForFunction(
    ({ from, seconds }) => {
      const video = document.querySelector('video');
      return video !== null && video.currentTime >= from + seconds;
    },
    { from, seconds },
    { timeout: timeoutMs },
  );
}
