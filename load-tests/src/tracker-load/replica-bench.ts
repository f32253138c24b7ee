import { setTimeout } from 'node:timers/promises';
import { startRedis } from '@nearcast/tracker/testing/redis-server';
import { median } from '../browser-bench/statistics.ts';
import { readMetric } from '../replicas-bench/fleet.ts';
import { fillCore } from './full-core.ts';
import { type Remote, startRemote } from './remote-calls.ts';
import { type RunningServer, startServer } from './running-server.ts';
import type { AudienceCalls, AudiencePlan } from './viewers/whole-sessions.ts';
import { inTurns, wholeStays } from './whole-stays.ts';

export interface ReplicaBenchPlan {
  /** Of one replica, and as many again for each other, instead of as many as fill the core. */
  readonly viewers?: number;
  /** How much faster than life time passes. */
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Medians over the rounds. */
export interface ReplicaRow {
  readonly arm: string;
  /** In this benchmark, where time passes faster. */
  readonly viewers: number;
  /** How many viewers these replicas can serve when each has a core, as far as the busiest of them can. */
  readonly viewersCarried: number;
  /** Of twice the ratio to two trackers that share the core and nothing else, in the same round: how many times one, on two cores. */
  readonly timesOneOnTwoCores: number;
  /** Of the ratio to one replica that has the core to itself, without and with Redis, in the same round. */
  readonly timesOneAlone: number;
  readonly timesOneWithRedis: number;
  /** Of the core that they share. */
  readonly busyShare: number;
  /** How late the viewers were on average, ms: late ones say less than they should. */
  readonly lateMs: number;
  readonly roundTripsPerJoin: number;
  readonly lost: number;
}

type Turn = Omit<ReplicaRow, 'arm' | 'timesOneOnTwoCores' | 'timesOneAlone' | 'timesOneWithRedis'>;

/**
 * Two processes on one core cost more than they would on two, for each finds the caches full of what the other needed. Two trackers
 * that know nothing of each other pay for that, too, and on two cores are two by definition.
 */
const TWO_APART = 2;

const arms = [
  { name: 'one, without Redis', replicas: 1, withRedis: false },
  { name: 'one, with Redis', replicas: 1, withRedis: true },
  { name: 'two trackers apart', replicas: 2, withRedis: false },
  { name: 'two, with Redis', replicas: 2, withRedis: true },
] as const;

/** Replicas share the first core, which is nearly full in each arm: what counts is the processor time that each needs. */
async function turn(
  { replicas, withRedis }: (typeof arms)[number],
  plan: ReplicaBenchPlan,
  expected: number | undefined,
): Promise<Turn> {
  const redis = withRedis ? await startRedis() : undefined;
  const servers: RunningServer[] = [];
  let remote: Remote<AudienceCalls> | undefined;
  try {
    // Leases are in Redis' time: only viewers are in a hurry here.
    for (let count = 0; count < replicas; count++) servers.push(await startServer('nearcast', { redis: redis?.url }));
    const total = async (name: string) => {
      const values = await Promise.all(servers.map(({ adminPort = 0 }) => readMetric(adminPort, name)));
      return values.reduce((sum, value) => sum + value, 0);
    };
    while (redis && (await total('nearcast_tracker_replicas')) < replicas ** 2) await setTimeout(100);
    remote = await startRemote<AudienceCalls>(wholeStays.program);
    const { scale } = plan;
    const { viewersPerSwarm, meanStayMs } = wholeStays;
    const urls = servers.map(({ url }) => url);
    const audience: AudiencePlan = { urls, dialect: 'nearcast', scale, viewersPerSwarm, meanStayMs };
    const cpuSeconds = () => servers.reduce((sum, server) => sum + server.cpuSeconds(), 0);
    const size = plan.viewers === undefined ? { expected } : { exactly: plan.viewers * replicas };
    const viewers = await fillCore({ remote, plan: audience, cpuSeconds }, size);
    await setTimeout(wholeStays.warmUpMs);
    await remote.call('take');
    const began = performance.now();
    const [commands, lost] = [
      await total('nearcast_tracker_redis_commands_total'),
      await total('nearcast_tracker_relay_lost_total'),
    ];
    const before = servers.map((server) => server.cpuSeconds());
    await setTimeout(plan.seconds * 1000);
    const used = servers.map((server, index) => server.cpuSeconds() - (before[index] ?? 0));
    const seconds = (performance.now() - began) / 1000;
    const { sessions, lateMs } = await remote.call('take');
    return {
      viewers,
      viewersCarried: (viewers * scale * seconds) / Math.max(...used),
      busyShare: used.reduce((sum, each) => sum + each, 0) / seconds,
      lateMs,
      roundTripsPerJoin: ((await total('nearcast_tracker_redis_commands_total')) - commands) / sessions,
      lost: (await total('nearcast_tracker_relay_lost_total')) - lost,
    };
  } finally {
    await remote?.stop();
    for (const server of servers) await server.stop();
    await redis?.kill();
  }
}

/** Whole stays at one tracker of one or two processes; those of a swarm are at either. */
export async function runReplicaBench(plan: ReplicaBenchPlan): Promise<ReplicaRow[]> {
  const turns = await inTurns(arms, plan.rounds, (arm, former: Turn | undefined) => turn(arm, plan, former?.viewers));
  return arms.map(({ name }, index) => {
    const own = turns[index] ?? [];
    const timesThatOf = (other: number) =>
      median(own.map(({ viewersCarried }, round) => viewersCarried / (turns[other]?.[round]?.viewersCarried ?? 0)));
    const of = (pick: (turn: Turn) => number) => median(own.map(pick));
    return {
      arm: name,
      viewers: of((turn) => turn.viewers),
      viewersCarried: of((turn) => turn.viewersCarried),
      timesOneOnTwoCores: 2 * timesThatOf(TWO_APART),
      timesOneAlone: timesThatOf(0),
      timesOneWithRedis: timesThatOf(1),
      busyShare: of((turn) => turn.busyShare),
      lateMs: of((turn) => turn.lateMs),
      roundTripsPerJoin: of((turn) => turn.roundTripsPerJoin),
      lost: of((turn) => turn.lost),
    };
  });
}
