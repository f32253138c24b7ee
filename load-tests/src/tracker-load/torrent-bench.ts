import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../browser-bench/statistics.ts';
import { type Remote, startRemote } from './remote-calls.ts';
import { type ArmName, armNames, type RunningServer, startServer } from './running-server.ts';
import type { TorrentCalls } from './viewers/torrent-viewers.ts';

const VIEWERS = fileURLToPath(new URL('./viewers/torrent-viewers.ts', import.meta.url));

export interface TorrentBenchPlan {
  readonly peers: number;
  readonly announcesPerSecond: number;
  readonly rounds: number;
  readonly seconds: number;
}

interface Turn {
  readonly messagesPerCpuSecond: number;
  readonly messagesPerSecond: number;
  readonly offersRelayedShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Medians over the rounds. */
export interface TorrentBenchRow extends Turn {
  readonly arm: ArmName;
  /** Of the ratio to bittorrent-tracker, and to the bare relay, in the same round. */
  readonly timesBittorrentTracker: number;
  readonly timesBareRelay: number;
}

interface Arm {
  readonly name: ArmName;
  readonly server: RunningServer;
  readonly viewers: Remote<TorrentCalls>;
  readonly turns: Turn[];
}

const PEERS_PER_SWARM = 50;
const OFFERS_PER_ANNOUNCE = 5;
const WARM_UP_MS = 1000;

async function open(name: ArmName, peers: number): Promise<Arm> {
  const server = await startServer(name);
  const viewers = await startRemote<TorrentCalls>(VIEWERS);
  const frames = name === 'bare-relay' ? 'bare' : 'json';
  const swarms = { peers, peersPerSwarm: PEERS_PER_SWARM, offersPerAnnounce: OFFERS_PER_ANNOUNCE };
  await viewers.call('open', { url: server.url, frames, ...swarms });
  await viewers.call('announceAll');
  return { name, server, viewers, turns: [] };
}

async function turn({ server, viewers }: Arm, plan: TorrentBenchPlan): Promise<Turn> {
  await viewers.call('start', plan.announcesPerSecond);
  await setTimeout(WARM_UP_MS);
  await viewers.call('take');
  const began = performance.now();
  const cpuBefore = server.cpuSeconds();
  await setTimeout(plan.seconds * 1000);
  const cpuSeconds = server.cpuSeconds() - cpuBefore;
  const tally = await viewers.call('take');
  await viewers.call('pause');
  const messages = tally.sent + tally.received;
  return {
    messagesPerCpuSecond: messages / cpuSeconds,
    messagesPerSecond: messages / ((performance.now() - began) / 1000),
    offersRelayedShare: tally.offersRelayed / tally.offersSent,
    p50Ms: tally.offerMs.p50,
    p99Ms: tally.offerMs.p99,
  };
}

/** The arms take turns in short rounds, so that a busy machine is busy for each. */
export async function runTorrentBench(plan: TorrentBenchPlan): Promise<TorrentBenchRow[]> {
  const arms: Arm[] = [];
  try {
    for (const name of armNames) arms.push(await open(name, plan.peers));
    for (let round = 0; round < plan.rounds; round++) {
      for (const arm of arms) arm.turns.push(await turn(arm, plan));
    }
  } finally {
    for (const { server, viewers } of arms) {
      await viewers.stop();
      await server.stop();
    }
  }
  return arms.map((arm) => toRow(arm, arms));
}

function toRow({ name, turns }: Arm, arms: readonly Arm[]): TorrentBenchRow {
  const of = (pick: (turn: Turn) => number) => median(turns.map(pick));
  const timesThatOf = (other: ArmName) => {
    const others = arms.find((arm) => arm.name === other)?.turns ?? [];
    return median(turns.map((turn, round) => turn.messagesPerCpuSecond / (others[round]?.messagesPerCpuSecond ?? 0)));
  };
  return {
    arm: name,
    messagesPerCpuSecond: of((turn) => turn.messagesPerCpuSecond),
    messagesPerSecond: of((turn) => turn.messagesPerSecond),
    offersRelayedShare: of((turn) => turn.offersRelayedShare),
    p50Ms: of((turn) => turn.p50Ms),
    p99Ms: of((turn) => turn.p99Ms),
    timesBittorrentTracker: timesThatOf('bittorrent-tracker'),
    timesBareRelay: timesThatOf('bare-relay'),
  };
}
