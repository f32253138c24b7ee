import { type Measured, measure } from './load.ts';
import type { CacheServer } from './servers.ts';

export interface HotPlan {
  readonly connections: number;
  readonly objects: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Medians over the rounds. */
export interface HotResult {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly bytesPerCoreSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** Objects that are all cached, asked for over and over: the arms take turns, so that a busy machine is busy for each. */
export async function runHot(arms: readonly CacheServer[], plan: HotPlan): Promise<HotResult[]> {
  const paths = Array.from({ length: plan.objects }, (_, number) => `/hot/segment${number}.mp4`);
  const measured = new Map<CacheServer, Measured[]>(arms.map((arm) => [arm, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const arm of arms) {
      const load = { connections: plan.connections, paths, warmUpMs: 1500, measureMs: plan.seconds * 1000 };
      measured.get(arm)?.push(await measure({ port: arm.port, ...load }, arm.pids));
    }
  }
  return arms.map((arm) => {
    const rounds = measured.get(arm) ?? [];
    return {
      name: arm.name,
      bytesPerSecond: median(rounds.map(({ bytes, seconds }) => bytes / seconds)),
      bytesPerCoreSecond: median(rounds.map(({ bytes, serverCpuSeconds }) => bytes / serverCpuSeconds)),
      p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
      failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return Number.NaN;
  return sorted.length % 2 === 0 && low !== undefined ? (low + high) / 2 : high;
}
