import { cpus } from 'node:os';
import type { Browser } from 'playwright-core';

/** How busy the machine was, second by second, 0…1. */
export class MachineMeter {
  readonly busyShares: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = times();

  constructor(everyMs = 1000) {
    this.#timer = setInterval(() => this.#look(), everyMs);
    // An arm that fails leaves it behind, and must still be able to end.
    this.#timer.unref();
  }

  stop(): readonly number[] {
    clearInterval(this.#timer);
    return this.busyShares;
  }

  #look(): void {
    const now = times();
    const total = now.total - this.#last.total;
    if (total > 0) this.busyShares.push(1 - (now.idle - this.#last.idle) / total);
    this.#last = now;
  }
}

function times(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}

/** CPU seconds of this process so far: edge, tracker and origin run in it. */
export function serverCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds of all processes of the browser so far. */
export async function browserCpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
