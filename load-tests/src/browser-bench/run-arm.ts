import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browsers/chromium.ts';
import type { BenchConfig, EngineName } from './config.ts';
import { browserCpuSeconds, MachineMeter, serverCpuSeconds } from './cpu-meter.ts';
import type { ArmRecord, Moment } from './measure.ts';
import { type Services, startServices } from './services.ts';
import { uplinkOf } from './uplinks.ts';
import { BenchViewer } from './viewer.ts';
import type { TraceEvent } from './viewer-sample.ts';

/** Everything that is on the machine before the first arm. */
export interface Stage {
  readonly config: BenchConfig;
  readonly mediaFolder: string;
  readonly builtPage: string;
}

/** A busy machine makes slow starters; who has not begun by then never will. */
const START_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const FILM_GRACE_SECONDS = 15;

/** Plays the scene once with one engine; browser and services are fresh. */
export async function runArm(
  stage: Stage,
  engine: EngineName,
  trace: (viewer: number, events: readonly TraceEvent[]) => void,
): Promise<ArmRecord> {
  const services = await startServices(stage.mediaFolder, stage.builtPage);
  try {
    const browser = await launchChromium();
    try {
      return await play(stage.config, engine, browser, services, trace);
    } finally {
      await browser.close();
    }
  } finally {
    await services.close();
  }
}

async function play(
  config: BenchConfig,
  engine: EngineName,
  browser: Browser,
  services: Services,
  trace: (viewer: number, events: readonly TraceEvent[]) => void,
): Promise<ArmRecord> {
  const { mode, peers, joinSeconds, settleSeconds, uplink, lossQueue } = config;
  // Pages are opened before anybody plays, so that loading them costs no viewer a stall.
  const waiting: BenchViewer[] = [];
  for (let number = 0; number < peers; number++) {
    waiting.push(await BenchViewer.open(browser, services.pageUrl, uplinkOf(uplink, number), lossQueue));
  }
  const moment = async (): Promise<Moment> => ({
    atMs: performance.now(),
    edge: await services.edgeBytes(),
    browserCpuSeconds: await browserCpuSeconds(browser),
    serverCpuSeconds: serverCpuSeconds(),
    viewers: await Promise.all(waiting.map((viewer) => viewer.sample())),
  });
  const join = async () => {
    const firstAt = performance.now();
    for (const [number, viewer] of waiting.entries()) {
      await pause(Math.max(0, firstAt + number * joinSeconds * 1000 - performance.now()));
      await viewer.start({
        engine,
        playlistUrl: services.playlistUrl(mode),
        trackerUrl: services.trackerUrl,
        trustedKeys: services.trustedKeys,
        trace: config.trace !== undefined,
      });
    }
  };
  let machine: MachineMeter;
  const moments: Moment[] = [];
  if (mode !== 'vod') {
    await join();
    await untilAllPlay(waiting);
    await pause(settleSeconds * 1000);
    machine = new MachineMeter();
    moments.push(await moment());
  } else {
    machine = new MachineMeter();
    moments.push(await emptyMoment(browser, services, peers));
    await join();
  }
  const startedAt = (moments[0] as Moment).atMs;
  const endAt = startedAt + countedMs(config);
  while (performance.now() < endAt && !(mode === 'vod' && hasEverybodyAll(moments))) {
    await pause(Math.max(0, Math.min(LOOK_EVERY_MS, endAt - performance.now())));
    moments.push(await moment());
  }
  const busyShares = machine.stop();
  if (config.trace !== undefined) {
    for (const [number, viewer] of waiting.entries()) trace(number, await viewer.takeTrace());
  }
  return {
    engine,
    moments,
    busyShares,
    processors: availableParallelism(),
    errors: waiting.flatMap(({ errors }) => errors),
  };
}

/** A film is counted until everybody has all of it; an engine may deliver no sooner than it is played. */
function countedMs({ mode, seconds, peers, joinSeconds }: BenchConfig): number {
  return 1000 * (mode === 'vod' ? seconds + (peers - 1) * joinSeconds + FILM_GRACE_SECONDS : seconds);
}

function hasEverybodyAll(moments: readonly Moment[]): boolean {
  return moments.at(-1)?.viewers.every(({ hasAll }) => hasAll) ?? false;
}

async function untilAllPlay(viewers: readonly BenchViewer[]): Promise<void> {
  const giveUpAt = performance.now() + START_WITHIN_MS;
  for (const [number, viewer] of viewers.entries()) {
    for (;;) {
      const { startupMs, failure } = await viewer.sample();
      if (startupMs !== null) break;
      if (failure !== null || performance.now() > giveUpAt) {
        throw new Error(`viewer ${number} did not begin to play: ${failure ?? `not within ${START_WITHIN_MS} ms`}`);
      }
      await pause(250);
    }
  }
}

/** Before anybody plays: all counts are zero. */
async function emptyMoment(browser: Browser, services: Services, peers: number): Promise<Moment> {
  return {
    atMs: performance.now(),
    edge: await services.edgeBytes(),
    browserCpuSeconds: await browserCpuSeconds(browser),
    serverCpuSeconds: serverCpuSeconds(),
    viewers: Array.from({ length: peers }, () => nothingYet),
  };
}

const nothingYet = {
  playedSeconds: 0,
  deliveredBytes: 0,
  edgeBytes: 0,
  peerBytes: 0,
  uploadedBytes: 0,
  discardedBytes: 0,
  channelBytes: 0,
  wireBytes: 0,
  packetsSent: 0,
  packetsReceived: 0,
  stalls: 0,
  stalledMs: 0,
  startupMs: null,
  latencySeconds: null,
  connectedPeers: 0,
  hasAll: false,
  failure: null,
};
