import type { Browser, Page } from 'playwright-core';
import { openViewer } from '../browsers/chromium.ts';
import { noteEdgeTalk } from './edge-talk.ts';
import { shape } from './shape.ts';
import { noteTrackerTalk } from './tracker-talk.ts';
import type { TraceEvent, ViewerPage, ViewerSample, ViewerTask } from './viewer-sample.ts';

/** In the page, `main.ts` put it there. */
type PageGlobal = typeof globalThis & { viewerPage: ViewerPage };

/** One viewer of the benchmark, seen from outside. */
export class BenchViewer {
  readonly #page: Page;
  readonly #errors: readonly string[];
  readonly #close: () => Promise<void>;
  #talk: TraceEvent[] = [];

  private constructor(page: Page, errors: readonly string[], close: () => Promise<void>) {
    this.#page = page;
    this.#errors = errors;
    this.#close = close;
  }

  /** @param line bit/s of the uplink; `undefined` is no shaping at all */
  static async open(
    browser: Browser,
    pageUrl: string,
    line: number | undefined,
    lossQueue: number | undefined,
  ): Promise<BenchViewer> {
    const { page, errors, close } = await openViewer(browser);
    await page.goto(pageUrl);
    // After the page is there: what counts as startup begins with the request for the playlist.
    if (line !== undefined) await shape(page, line, lossQueue);
    return new BenchViewer(page, errors, close);
  }

  /** Uncaught errors of the page. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  async start(task: ViewerTask): Promise<void> {
    if (task.trace) {
      const note = (event: TraceEvent) => this.#talk.push(event);
      noteTrackerTalk(this.#page, note);
      noteEdgeTalk(this.#page, note);
    }
    await this.#page.evaluate((task) => (globalThis as PageGlobal).viewerPage.start(task), task);
  }

  async sample(): Promise<ViewerSample> {
    return await this.#page.evaluate(() => (globalThis as PageGlobal).viewerPage.sample());
  }

  async takeTrace(): Promise<TraceEvent[]> {
    const seen = await this.#page.evaluate(() => (globalThis as PageGlobal).viewerPage.takeTrace());
    const all = [...seen, ...this.#talk].sort((a, b) => a.at - b.at);
    this.#talk = [];
    return all;
  }

  async close(): Promise<void> {
    await this.#close();
  }
}
