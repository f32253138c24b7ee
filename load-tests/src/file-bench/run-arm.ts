import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, openViewer } from '../browsers/chromium.ts';
import type { FileBenchConfig } from './config.ts';
import type { Arm, FilePage, FileResult, FileTask } from './file-task.ts';
import { type Services, startServices } from './services.ts';

/** Everything that is on the machine before the first arm. */
export interface Stage {
  readonly config: FileBenchConfig;
  readonly folder: string;
  readonly fileName: string;
  readonly builtPage: string;
}

export interface ArmResult {
  readonly arm: Arm;
  readonly viewers: readonly FileResult[];
  /** Body bytes that the edge sent to all viewers. */
  readonly sentBytes: number;
}

type PageGlobal = typeof globalThis & { filePage: FilePage };

const LATENCY_MS = 30;

/** Browser and services are fresh. */
export async function runArm(stage: Stage, arm: Arm): Promise<ArmResult> {
  const services = await startServices(stage.folder, stage.builtPage, stage.fileName);
  try {
    const browser = await launchChromium();
    try {
      const before = await services.edgeBytes();
      const task = { arm, fileUrl: services.fileUrl, trackerUrl: services.trackerUrl };
      const viewers =
        stage.config.scene === 'download'
          ? await downloadAll(stage.config, browser, services, task)
          : await playEach(stage.config, browser, services, task);
      return { arm, viewers, sentBytes: (await services.edgeBytes()) - before };
    } finally {
      await browser.close();
    }
  } finally {
    await services.close();
  }
}

async function downloadAll(
  { viewers, join, line }: FileBenchConfig,
  browser: Browser,
  { pageUrl }: Services,
  task: FileTask,
): Promise<FileResult[]> {
  // Pages are opened before anybody begins, so that loading them costs no time.
  const pages: Page[] = [];
  for (let number = 0; number < viewers; number++) pages.push(await openPage(browser, pageUrl, line));
  const results: Promise<FileResult>[] = [];
  for (const page of pages) {
    if (join === 'finish') await results.at(-1);
    else if (results.length > 0) await pause(join * 1000);
    results.push(page.evaluate((task) => (globalThis as PageGlobal).filePage.download(task), task));
  }
  return await Promise.all(results);
}

/**
 * Each comes for the first time and then once more, and alone: what is measured is the way to the first frame. A first
 * visit has a service worker to install. @returns the first visits, and then the others
 */
async function playEach(
  { viewers, line }: FileBenchConfig,
  browser: Browser,
  { pageUrl }: Services,
  task: FileTask,
): Promise<FileResult[]> {
  const visits: [FileResult[], FileResult[]] = [[], []];
  for (let number = 0; number < viewers; number++) {
    const page = await openPage(browser, pageUrl, line);
    for (const results of visits) {
      results.push(await page.evaluate((task) => (globalThis as PageGlobal).filePage.play(task), task));
      await page.reload();
    }
    await page.context().close();
  }
  return visits.flat();
}

async function openPage(browser: Browser, pageUrl: string, line: number | undefined): Promise<Page> {
  const { page } = await openViewer(browser);
  await page.goto(pageUrl);
  if (line !== undefined) await shape(page, line);
  return page;
}

/** A home line, for HTTP and WebRTC alike. */
async function shape(page: Page, bitsPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const bytesPerSecond = bitsPerSecond / 8;
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
}
