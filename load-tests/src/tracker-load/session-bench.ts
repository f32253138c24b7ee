import { setTimeout } from 'node:timers/promises';
import { defaults } from '@nearcast/tracker/config';
import { median } from '../browser-bench/statistics.ts';
import { startRemote } from './remote-calls.ts';
import { type ArmName, startServer } from './running-server.ts';
import type { AudienceCalls, AudiencePlan } from './viewers/whole-sessions.ts';
import { inTurns, wholeStays } from './whole-stays.ts';

export interface SessionBenchPlan {
  /** Stock clients; of ours twice as many, so that the core has about as much to do. */
  readonly viewers: number;
  /** How much faster than life time passes. */
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Medians over the rounds. */
export interface SessionRow {
  readonly server: ArmName;
  readonly dialect: AudiencePlan['dialect'];
  /** Of the Nearcast dialect. */
  readonly reportEverySeconds: number | undefined;
  /** How many viewers, each behaving like this all the time, one core can serve. */
  readonly viewersPerCore: number;
  readonly messagesPerSession: number;
  readonly cpuMsPerSession: number;
  /** Of the server's core. */
  readonly busyShare: number;
  /** How late the viewers were on average, ms: late ones say less than they should. */
  readonly lateMs: number;
  readonly timesBittorrentTracker: number;
}

type Turn = Pick<SessionRow, 'viewersPerCore' | 'messagesPerSession' | 'cpuMsPerSession' | 'busyShare' | 'lateMs'>;

/** A server that mostly sleeps needs twice the time for a message: how many viewers a core can serve is measured on one that works. */
const arms = [
  { server: 'bittorrent-tracker', dialect: 'webtorrent', reportEverySeconds: undefined, times: 1 },
  { server: 'nearcast', dialect: 'webtorrent', reportEverySeconds: undefined, times: 1 },
  { server: 'nearcast', dialect: 'nearcast', reportEverySeconds: defaults.reportInterval, times: 2 },
] as const;

/** Faster than that nobody comes: a connection that is refused in a crowd would be missing all the time. */
const SPREAD_MS_PER_VIEWER = 4;

async function turn(
  { server: name, dialect, reportEverySeconds, times }: (typeof arms)[number],
  plan: SessionBenchPlan,
): Promise<Turn> {
  const server = await startServer(name, { scale: plan.scale, reportInterval: reportEverySeconds });
  const viewers = await startRemote<AudienceCalls>(wholeStays.program);
  try {
    const { scale } = plan;
    const count = plan.viewers * times;
    const spreadMs = SPREAD_MS_PER_VIEWER * count;
    const audience = { viewersPerSwarm: wholeStays.viewersPerSwarm, meanStayMs: wholeStays.meanStayMs };
    await viewers.call('start', { urls: [server.url], dialect, viewers: count, scale, ...audience }, spreadMs);
    await setTimeout(spreadMs + wholeStays.warmUpMs);
    await viewers.call('take');
    const began = performance.now();
    const before = server.cpuSeconds();
    await setTimeout(plan.seconds * 1000);
    const cpuSeconds = server.cpuSeconds() - before;
    const busyShare = (cpuSeconds * 1000) / (performance.now() - began);
    const viewerSeconds = count * scale * ((performance.now() - began) / 1000);
    const { messages, lateMs } = await viewers.call('take');
    const sessions = (viewerSeconds * 1000) / wholeStays.meanStayMs;
    return {
      viewersPerCore: viewerSeconds / cpuSeconds,
      messagesPerSession: messages / sessions,
      cpuMsPerSession: (cpuSeconds * 1000) / sessions,
      busyShare,
      lateMs,
    };
  } finally {
    await viewers.stop();
    await server.stop();
  }
}

/** Join, introductions, trickle, reports and the end, as they are spread over a stay, only faster. */
export async function runSessionBench(plan: SessionBenchPlan): Promise<SessionRow[]> {
  const turns = await inTurns(arms, plan.rounds, (arm) => turn(arm, plan));
  return arms.map((arm, index) => {
    const own = turns[index] ?? [];
    const of = (pick: (turn: Turn) => number) => median(own.map(pick));
    return {
      ...arm,
      viewersPerCore: of((turn) => turn.viewersPerCore),
      messagesPerSession: of((turn) => turn.messagesPerSession),
      cpuMsPerSession: of((turn) => turn.cpuMsPerSession),
      busyShare: of((turn) => turn.busyShare),
      lateMs: of((turn) => turn.lateMs),
      timesBittorrentTracker: median(
        own.map((turn, round) => turn.viewersPerCore / (turns[0]?.[round]?.viewersPerCore ?? 0)),
      ),
    };
  });
}
