import type { IdleRow } from './idle-bench.ts';
import type { JoinBenchResult } from './join-bench.ts';
import type { ReplicaBenchPlan, ReplicaRow } from './replica-bench.ts';
import type { SessionBenchPlan, SessionRow } from './session-bench.ts';
import type { TorrentBenchPlan, TorrentBenchRow } from './torrent-bench.ts';

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return ['', title, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const whole = (value: number) => Math.round(value).toLocaleString('en');
const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);

export function torrentTable(rows: readonly TorrentBenchRow[], plan: TorrentBenchPlan): string {
  return table(
    `WebTorrent dialect: ${plan.peers} peers in swarms of 50, ${plan.announcesPerSecond} announces a second with 5 offers, all answered; medians of ${plan.rounds} rounds. Latencies are those of this machine with all that runs on it.`,
    [
      'server',
      'messages per CPU second',
      '× bittorrent-tracker',
      '× bare relay',
      'offer → relay p50 ms',
      'p99 ms',
      'offers relayed',
    ],
    rows.map((row) => [
      row.arm,
      whole(row.messagesPerCpuSecond),
      row.timesBittorrentTracker.toFixed(2),
      row.timesBareRelay.toFixed(2),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(1),
      `${(100 * row.offersRelayedShare).toFixed(1)} %`,
    ]),
  );
}

export function idleTable(rows: readonly IdleRow[]): string {
  return table(
    'Resident memory per idle connection:',
    ['server', 'connections', 'connected, kB', 'in a swarm, kB'],
    rows.map((row) => [row.arm, whole(row.connections), kilobytes(row.connectedBytes), kilobytes(row.announcedBytes)]),
  );
}

export function joinTable({ plan, costs, ...result }: JoinBenchResult): string {
  const curve = table(
    `Nearcast dialect: ${whole(plan.connections)} connections to one process, ${plan.joinsPerSecond} joins a second into one swarm. One viewer leaves and another joins:`,
    ['viewers in the swarm', 'CPU µs', 'messages sent'],
    costs.map(({ size, cpuMicroseconds, messagesOut }) => [
      whole(size),
      whole(cpuMicroseconds),
      messagesOut.toFixed(1),
    ]),
  );
  const latency = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  return [
    curve,
    '',
    `Join → first introduction: ${latency(result.introduceMs)}; with an offer and an answer for each: ${latency(result.introduceWithSignalsMs)}.`,
    `Resident per connection: ${kilobytes(result.connectedBytes)} kB connected, ${kilobytes(result.joinedBytes)} kB in the swarm.`,
  ].join('\n');
}

function crowdOf({ viewers }: { readonly viewers?: number }): string {
  return viewers === undefined ? 'as many as keep the core nearly busy' : `${viewers} to a server`;
}

export function replicaTable(rows: readonly ReplicaRow[], plan: ReplicaBenchPlan): string {
  return table(
    `Whole stays of 20 minutes in the mean, in swarms of 100, whose viewers are at all replicas; ${crowdOf(plan)}, ${plan.scale} times as fast as life; medians of ${plan.rounds} rounds.`,
    [
      'replicas',
      'viewers carried',
      '× half of two apart',
      '× one alone',
      '× one with Redis',
      'round trips to Redis per join',
      'lost',
      'viewers here',
      'core busy',
      'viewers late, ms',
    ],
    rows.map((row) => [
      row.arm,
      whole(row.viewersCarried),
      row.timesOneOnTwoCores.toFixed(2),
      row.timesOneAlone.toFixed(2),
      row.timesOneWithRedis.toFixed(2),
      row.roundTripsPerJoin.toFixed(1),
      whole(row.lost),
      whole(row.viewers),
      `${whole(100 * row.busyShare)} %`,
      row.lateMs.toFixed(1),
    ]),
  );
}

export function sessionTable(rows: readonly SessionRow[], plan: SessionBenchPlan): string {
  return table(
    `Whole stays of 20 minutes in the mean, in swarms of 100; ${crowdOf(plan)}, ${plan.scale} times as fast as life; medians of ${plan.rounds} rounds.`,
    [
      'server',
      'dialect',
      'reports every',
      'viewers per core',
      '× bittorrent-tracker',
      'messages per stay',
      'CPU ms per stay',
      'viewers here',
      'core busy',
      'viewers late, ms',
    ],
    rows.map((row) => [
      row.server,
      row.dialect,
      row.reportEverySeconds === undefined ? '' : `${row.reportEverySeconds} s`,
      whole(row.viewersPerCore),
      row.timesBittorrentTracker.toFixed(2),
      whole(row.messagesPerSession),
      row.cpuMsPerSession.toFixed(2),
      whole(row.viewers),
      `${whole(100 * row.busyShare)} %`,
      row.lateMs.toFixed(1),
    ]),
  );
}
