import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Remote, startRemote } from './remote-calls.ts';
import { type RunningServer, startServer } from './running-server.ts';
import type { JoinCalls } from './viewers/joining-viewers.ts';

const VIEWERS = fileURLToPath(new URL('./viewers/joining-viewers.ts', import.meta.url));

export interface JoinBenchPlan {
  readonly connections: number;
  readonly joinsPerSecond: number;
  /** Joins that each cost is measured over. */
  readonly joinsPerSize: number;
}

/** One viewer leaves and another joins, in a swarm of this size. */
export interface JoinCost {
  readonly size: number;
  readonly cpuMicroseconds: number;
  readonly messagesOut: number;
}

export interface JoinBenchResult {
  readonly plan: JoinBenchPlan;
  readonly costs: readonly JoinCost[];
  /** While the swarm grew to all connections. */
  readonly introduceMs: { readonly p50: number; readonly p99: number };
  /** The same when each introduction is followed by an offer and an answer. */
  readonly introduceWithSignalsMs: { readonly p50: number; readonly p99: number };
  readonly connectedBytes: number;
  readonly joinedBytes: number;
}

const SIZES = [10, 100, 1000, 5000, 15_000];
/** For what is under way to arrive. */
const SETTLE_MS = 1000;

export async function runJoinBench(plan: JoinBenchPlan): Promise<JoinBenchResult> {
  const server = await startServer('nearcast');
  const viewers = await startRemote<JoinCalls>(VIEWERS);
  try {
    const before = server.residentBytes();
    await viewers.call('open', server.url, plan.connections);
    await setTimeout(SETTLE_MS);
    const connectedBytes = (server.residentBytes() - before) / plan.connections;
    const costs: JoinCost[] = [];
    let grown = { p50: 0, p99: 0 };
    for (const size of SIZES.filter((size) => size <= plan.connections)) {
      await viewers.call('take');
      await viewers.call('growTo', size, plan.joinsPerSecond);
      await setTimeout(SETTLE_MS);
      grown = (await viewers.call('take')).introduceMs;
      costs.push(await costAt(size, viewers, server, plan));
    }
    const joinedBytes = (server.residentBytes() - before) / plan.connections;
    await viewers.call('exchangeDescriptions', true);
    await viewers.call('churn', 3 * plan.joinsPerSize, plan.joinsPerSecond);
    await setTimeout(SETTLE_MS);
    const introduceWithSignalsMs = (await viewers.call('take')).introduceMs;
    return { plan, costs, introduceMs: grown, introduceWithSignalsMs, connectedBytes, joinedBytes };
  } finally {
    await viewers.stop();
    await server.stop();
  }
}

async function costAt(
  size: number,
  viewers: Remote<JoinCalls>,
  server: RunningServer,
  { joinsPerSize, joinsPerSecond }: JoinBenchPlan,
): Promise<JoinCost> {
  const before = server.cpuSeconds();
  await viewers.call('churn', joinsPerSize, joinsPerSecond);
  await setTimeout(SETTLE_MS);
  const cpuSeconds = server.cpuSeconds() - before;
  const { received } = await viewers.call('take');
  return { size, cpuMicroseconds: (cpuSeconds / joinsPerSize) * 1e6, messagesOut: received / joinsPerSize };
}
