import type { Page } from 'playwright-core';
import type { TraceEvent } from './viewer-sample.ts';

/** Notes every answer about a segment: which bytes were asked for, and how many came. */
export function noteEdgeTalk(page: Page, note: (event: TraceEvent) => void): void {
  page.on('response', (response) => {
    const url = response.url();
    if (!/\/segment\d+\./.test(url)) return;
    const { range } = response.request().headers();
    const bytes = Number(response.headers()['content-length']);
    note({ at: Date.now(), event: 'edge-answered', url, range, status: response.status(), bytes });
  });
}
