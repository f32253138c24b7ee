import { setTimeout } from 'node:timers/promises';
import { startRedis } from '@nearcast/tracker/testing/redis-server';
import { median } from '../browser-bench/statistics.ts';
import { readMetric } from '../replicas-bench/fleet.ts';
import { type Remote, startRemote } from './remote-calls.ts';
import { type RunningServer, startServer } from './running-server.ts';
import type { AudienceCalls } from './viewers/whole-sessions.ts';
import { inTurns, wholeStays } from './whole-stays.ts';

export interface ReplicaBenchPlan {
  /** Of one replica; as many again for each other. */
  readonly viewers: number;
  /** How much faster than life time passes. */
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Medians over the rounds. */
export interface ReplicaRow {
  readonly arm: string;
  /** How many viewers these replicas can serve when each has a core, as far as the busiest of them can. */
  readonly viewersCarried: number;
  /** Of the ratio to one replica, without and with Redis, in the same round. */
  readonly timesOneAlone: number;
  readonly timesOneWithRedis: number;
  readonly roundTripsPerJoin: number;
  readonly lost: number;
}

type Turn = Pick<ReplicaRow, 'viewersCarried' | 'roundTripsPerJoin' | 'lost'>;

const arms = [
  { name: 'one, without Redis', replicas: 1, withRedis: false },
  { name: 'one, with Redis', replicas: 1, withRedis: true },
  { name: 'two, with Redis', replicas: 2, withRedis: true },
] as const;

const SPREAD_MS = 2000;

/** Replicas share the first core: what counts is the processor time that each needs, not what is left of it. */
async function turn({ replicas, withRedis }: (typeof arms)[number], plan: ReplicaBenchPlan): Promise<Turn> {
  const redis = withRedis ? await startRedis() : undefined;
  const servers: RunningServer[] = [];
  let viewers: Remote<AudienceCalls> | undefined;
  try {
    // Leases are in Redis' time: only viewers are in a hurry here.
    for (let count = 0; count < replicas; count++) servers.push(await startServer('nearcast', { redis: redis?.url }));
    const total = async (name: string) => {
      const values = await Promise.all(servers.map(({ adminPort = 0 }) => readMetric(adminPort, name)));
      return values.reduce((sum, value) => sum + value, 0);
    };
    while (redis && (await total('nearcast_tracker_replicas')) < replicas ** 2) await setTimeout(100);
    viewers = await startRemote<AudienceCalls>(wholeStays.program);
    const count = plan.viewers * replicas;
    const audience = {
      viewersPerSwarm: wholeStays.viewersPerSwarm,
      meanStayMs: wholeStays.meanStayMs,
      scale: plan.scale,
    };
    const urls = servers.map(({ url }) => url);
    await viewers.call('start', { urls, dialect: 'nearcast', viewers: count, ...audience }, SPREAD_MS);
    await setTimeout(SPREAD_MS + wholeStays.warmUpMs);
    await viewers.call('take');
    const began = performance.now();
    const [commands, lost] = [
      await total('nearcast_tracker_redis_commands_total'),
      await total('nearcast_tracker_relay_lost_total'),
    ];
    const before = servers.map((server) => server.cpuSeconds());
    await setTimeout(plan.seconds * 1000);
    const busiest = Math.max(...servers.map((server, index) => server.cpuSeconds() - (before[index] ?? 0)));
    const viewerSeconds = count * plan.scale * ((performance.now() - began) / 1000);
    const { sessions } = await viewers.call('take');
    return {
      viewersCarried: viewerSeconds / busiest,
      roundTripsPerJoin: ((await total('nearcast_tracker_redis_commands_total')) - commands) / sessions,
      lost: (await total('nearcast_tracker_relay_lost_total')) - lost,
    };
  } finally {
    await viewers?.stop();
    for (const server of servers) await server.stop();
    await redis?.kill();
  }
}

/** Whole stays at one tracker of one or two processes; those of a swarm are at either. */
export async function runReplicaBench(plan: ReplicaBenchPlan): Promise<ReplicaRow[]> {
  const turns = await inTurns(arms, plan.rounds, (arm) => turn(arm, plan));
  return arms.map(({ name }, index) => {
    const own = turns[index] ?? [];
    const timesThatOf = (other: number) =>
      median(own.map(({ viewersCarried }, round) => viewersCarried / (turns[other]?.[round]?.viewersCarried ?? 0)));
    return {
      arm: name,
      viewersCarried: median(own.map(({ viewersCarried }) => viewersCarried)),
      timesOneAlone: timesThatOf(0),
      timesOneWithRedis: timesThatOf(1),
      roundTripsPerJoin: median(own.map(({ roundTripsPerJoin }) => roundTripsPerJoin)),
      lost: median(own.map((turn) => turn.lost)),
    };
  });
}
