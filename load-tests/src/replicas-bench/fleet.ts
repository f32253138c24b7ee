import { connect } from 'node:net';
import { startRedis } from '@nearcast/tracker/testing/redis-server';
import { startTrackerProcess, type TrackerProcess } from '@nearcast/tracker/testing/tracker-process';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';

/** Replicas that are one tracker, each a process. */
export interface Fleet {
  readonly ports: readonly number[];
  usage(): Promise<FleetUsage>;
  close(): Promise<void>;
}

/** Since the processes started. */
export interface FleetUsage {
  /** Processor time of each replica, s. */
  readonly replicaSeconds: readonly number[];
  readonly redisSeconds: number;
  readonly redisCommands: number;
  readonly lost: number;
}

export async function startFleet(replicas: number, withRedis: boolean): Promise<Fleet> {
  const redis = withRedis ? await startRedis() : undefined;
  const flags = redis ? ['--redis', redis.url] : [];
  const processes: TrackerProcess[] = [];
  for (let count = 0; count < replicas; count++) processes.push(await startTrackerProcess(...flags));
  const metric = (name: string) => Promise.all(processes.map(({ adminPort }) => readMetric(adminPort, name)));
  if (redis) while ((await metric('nearcast_tracker_replicas')).some((known) => known !== replicas));
  return {
    ports: processes.map(({ port }) => port),
    async usage() {
      return {
        replicaSeconds: await metric('process_cpu_seconds_total'),
        redisSeconds: redis ? await redisCpuSeconds(redis.url) : 0,
        redisCommands: sum(await metric('nearcast_tracker_redis_commands_total')),
        lost: sum(await metric('nearcast_tracker_relay_lost_total')),
      };
    },
    async close() {
      for (const process of processes) await process.end('SIGKILL');
      await redis?.kill();
    },
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** 0 for what this process does not count. */
export async function readMetric(adminPort: number, name: string): Promise<number> {
  return metricSum(await fetchMetrics(adminPort), name);
}

async function redisCpuSeconds(url: string): Promise<number> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end('INFO cpu\r\n');
  let text = '';
  for await (const chunk of socket) text += chunk;
  const seconds = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1]);
  return seconds('used_cpu_sys') + seconds('used_cpu_user');
}
