import type { TraceStep } from './segment-trace.ts';
import type { Quantiles, WorldConfig, WorldResult } from './world.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const three = ({ p50, p95, max }: Quantiles, per = 1, digits = 0): string =>
  [p50, p95, max].map((value) => (value / per).toFixed(digits)).join(' / ');

/** The result as a table that is read once. */
export function printResult(title: string, config: WorldConfig, result: WorldResult, rssBytes: number): void {
  const { viewers, seconds, seed, regions } = config;
  const rows: [string, string][] = [
    [
      'offload',
      `${percent(result.offload)} (bound ${percent(result.bound)}, ${percent(result.offload / result.bound)} of it)`,
    ],
    ['copies per segment and region', result.copiesPerRegion.toFixed(2)],
    [
      'edge bytes',
      Object.entries(result.edgeShares)
        .map(([why, share]) => `${why} ${percent(share)}`)
        .join(', '),
    ],
    ['stalls', `${result.stalls} (${Math.round(result.stalledMs)} ms in all)`],
    ['startup, ms', `${three(result.startupMs)} (median, 95 %, most)`],
    ['segment complete after, ms', three(result.completionMs)],
    ['upload per viewer, Mbit/s', three(result.uploadBitsPerSecond, 1e6, 2)],
    ['peers per viewer', three(result.peers)],
    ['control share', percent(result.controlShare)],
    ['discarded share', percent(result.discardedShare)],
    ['memory', `${(rssBytes / 1e9).toFixed(2)} GB`],
  ];
  const lines = [
    `${title}: ${viewers} viewers, ${regions} region(s), ${seconds} s, seed ${seed}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(32)}${value}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const columns = ['ms', 'begun', 'held', 'whole', 'duty', 'backup', 'early', 'repair', 'media', 'control'] as const;

/** A segment's way through the swarm: shares of viewers and bytes, copies from the edge by reason, use of all uplinks. */
export function printTrace(steps: readonly TraceStep[]): void {
  const lines = steps.map(({ ms, begun, held, whole, edgeCopies, mediaShare, controlShare }) => [
    String(ms),
    ...[begun, held, whole].map(percent),
    ...[edgeCopies.duty, edgeCopies.backup, edgeCopies.early, edgeCopies.repair + edgeCopies.alone].map((copies) =>
      copies.toFixed(2),
    ),
    ...[mediaShare, controlShare].map(percent),
  ]);
  const table = [columns, ...lines].map((cells) => cells.map((cell) => cell.padStart(9)).join(''));
  process.stdout.write(
    `\none segment: viewers and bytes that have it, its copies from the edge by reason, use of all uplinks\n${table.join('\n')}\n`,
  );
}
