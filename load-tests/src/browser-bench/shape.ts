import type { Page } from 'playwright-core';

/** The way down is never the bottleneck; the browser's shaper adds about 125 ms to data channels whatever is asked. */
const DOWN_BYTES_PER_SECOND = 20e6 / 8;
const LATENCY_MS = 30;

/** Puts a home line before a page, for HTTP and WebRTC alike. */
export async function shape(page: Page, bitsPerSecond: number, queuePackets: number | undefined): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: DOWN_BYTES_PER_SECOND,
    uploadThroughput: bitsPerSecond / 8,
    ...(queuePackets === undefined ? {} : { packetQueueLength: queuePackets }),
  });
}
