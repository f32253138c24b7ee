import { setTimeout } from 'node:timers/promises';
import { defaults } from '@nearcast/tracker/config';
import { median } from '../browser-bench/statistics.ts';
import { fillCore } from './full-core.ts';
import { startRemote } from './remote-calls.ts';
import { type ArmName, startServer } from './running-server.ts';
import type { AudienceCalls, AudiencePlan } from './viewers/whole-sessions.ts';
import { inTurns, wholeStays } from './whole-stays.ts';

export interface SessionBenchPlan {
  /** How much faster than life time passes. */
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Instead of as many as fill the core. */
  readonly viewers?: number;
}

/** Medians over the rounds. */
export interface SessionRow {
  readonly server: ArmName;
  readonly dialect: AudiencePlan['dialect'];
  /** Of the Nearcast dialect. */
  readonly reportEverySeconds: number | undefined;
  /** In this benchmark, where time passes faster. */
  readonly viewers: number;
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

type Turn = Omit<SessionRow, 'server' | 'dialect' | 'reportEverySeconds' | 'timesBittorrentTracker'>;

const arms = [
  { server: 'bittorrent-tracker', dialect: 'webtorrent', reportEverySeconds: undefined },
  { server: 'nearcast', dialect: 'webtorrent', reportEverySeconds: undefined },
  { server: 'nearcast', dialect: 'nearcast', reportEverySeconds: defaults.reportInterval },
] as const;

async function turn(
  { server: name, dialect, reportEverySeconds }: (typeof arms)[number],
  plan: SessionBenchPlan,
  expected: number | undefined,
): Promise<Turn> {
  const { scale } = plan;
  const server = await startServer(name, { scale, reportInterval: reportEverySeconds });
  const remote = await startRemote<AudienceCalls>(wholeStays.program);
  const { viewersPerSwarm, meanStayMs } = wholeStays;
  const audience: AudiencePlan = { urls: [server.url], dialect, scale, viewersPerSwarm, meanStayMs };
  const cpuSeconds = () => server.cpuSeconds();
  const crowd = { remote, plan: audience, cpuSeconds };
  try {
    const viewers = await fillCore(crowd, plan.viewers === undefined ? { expected } : { exactly: plan.viewers });
    await setTimeout(wholeStays.warmUpMs);
    await remote.call('take');
    const began = performance.now();
    const before = cpuSeconds();
    await setTimeout(plan.seconds * 1000);
    const usedSeconds = cpuSeconds() - before;
    const seconds = (performance.now() - began) / 1000;
    const { messages, lateMs } = await remote.call('take');
    const sessions = (viewers * scale * seconds * 1000) / meanStayMs;
    return {
      viewers,
      viewersPerCore: (viewers * scale * seconds) / usedSeconds,
      messagesPerSession: messages / sessions,
      cpuMsPerSession: (usedSeconds * 1000) / sessions,
      busyShare: usedSeconds / seconds,
      lateMs,
    };
  } finally {
    await remote.stop();
    await server.stop();
  }
}

/** Join, introductions, trickle, reports and the end, as they are spread over a stay, only faster. */
export async function runSessionBench(plan: SessionBenchPlan): Promise<SessionRow[]> {
  const turns = await inTurns(arms, plan.rounds, (arm, former: Turn | undefined) => turn(arm, plan, former?.viewers));
  return arms.map((arm, index) => {
    const own = turns[index] ?? [];
    const of = (pick: (turn: Turn) => number) => median(own.map(pick));
    return {
      ...arm,
      viewers: of((turn) => turn.viewers),
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
