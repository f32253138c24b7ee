import type { Page } from 'playwright-core';
import type { TraceEvent } from './viewer-sample.ts';

/**
 * Notes what a page and its tracker say to each other: introductions, duty, and the reports, which say why the edge was
 * asked (`dutyBytes`, `backupBytes`, `earlyBytes`, `repairBytes`). Seen from outside, so that the plugin needs no hook for it.
 */
export function noteTrackerTalk(page: Page, note: (event: TraceEvent) => void): void {
  page.on('websocket', (socket) => {
    const listen = (event: string) => (frame: { payload: string | Buffer }) => {
      const message = parse(String(frame.payload));
      if (message !== undefined) note({ at: Date.now(), event, message });
    };
    socket.on('framesent', listen('told-tracker'));
    socket.on('framereceived', listen('heard-tracker'));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: of another protocol, and of no interest
  }
}
