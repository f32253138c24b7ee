import type { EngineName } from './config.ts';
import type { Measures } from './measure.ts';

export interface Column {
  readonly engine: EngineName;
  readonly measures: Measures;
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const megabits = (bitsPerSecond: number) => (bitsPerSecond / 1e6).toFixed(2);
const orNone = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value));
const signed = (value: number, text: string) => (value >= 0 ? `+${text}` : text);

/** One row: its name, and what it shows of an arm; of plain hls.js too, where that was among the arms. */
type Row = readonly [string, (measures: Measures, plain: Measures | undefined) => string];

const rows: readonly Row[] = [
  ['offload, at the edge', ({ edgeOffload }) => percent(edgeOffload)],
  ['offload, in players', ({ playerOffload }) => percent(playerOffload)],
  ['origin copies per segment', ({ copies }) => copies.toFixed(2)],
  ['stalls (ms in all)', ({ stalls, stalledMs }) => `${stalls} (${Math.round(stalledMs)})`],
  [
    'startup p50 / p95, ms',
    ({ startupP50Ms, startupP95Ms }) => `${Math.round(startupP50Ms)} / ${Math.round(startupP95Ms)}`,
  ],
  ['  p50 against none', againstPlainStartup],
  ['live latency, s', ({ latencySeconds }) => orNone(latencySeconds, (value) => value.toFixed(2))],
  ['  against none', againstPlainLatency],
  [
    'upload p50 / p95 / max, Mbit/s',
    ({ uploadP50, uploadP95, uploadMax }) => [uploadP50, uploadP95, uploadMax].map(megabits).join(' / '),
  ],
  ['control share', ({ controlShare }) => orNone(controlShare, percent)],
  ['wire ÷ media sent', ({ wireOverhead }) => orNone(wireOverhead, (value) => value.toFixed(3))],
  ['packets per kB of media', ({ packetsPerKilobyte }) => orNone(packetsPerKilobyte, (value) => value.toFixed(2))],
  ['packets lost', ({ lostShare }) => orNone(lostShare, percent)],
  ['manifests at the edge', ({ manifestShare }) => percent(manifestShare)],
  ['discarded', ({ discardedShare }) => percent(discardedShare)],
  ['peers per viewer', ({ connectedPeers }) => connectedPeers.toFixed(1)],
  ['browser CPU s per played min', ({ cpuSecondsPerMinute }) => cpuSecondsPerMinute.toFixed(1)],
  ['machine busy', ({ busyMean, isSaturated }) => `${percent(busyMean)}${isSaturated ? ' FULL' : ''}`],
  ['  by this benchmark', ({ ownShare }) => percent(ownShare)],
  ['unfinished viewers', ({ unfinished }) => String(unfinished)],
  ['page errors', ({ pageErrors }) => String(pageErrors)],
];

function againstPlainStartup({ startupP50Ms }: Measures, plain: Measures | undefined): string {
  if (!plain || plain.startupP50Ms === 0) return '–';
  const change = startupP50Ms / plain.startupP50Ms - 1;
  return signed(change, percent(change));
}

function againstPlainLatency({ latencySeconds }: Measures, plain: Measures | undefined): string {
  if (latencySeconds === null || !plain || plain.latencySeconds === null) return '–';
  const change = latencySeconds - plain.latencySeconds;
  return signed(change, change.toFixed(2));
}

/** A row for each figure, a column for each arm. */
export function formatTable(columns: readonly Column[]): string {
  const plain = columns.find(({ engine }) => engine === 'none')?.measures;
  const cells = [
    ['', ...columns.map(({ engine }) => engine)],
    ...rows.map(([name, show]) => [name, ...columns.map(({ measures }) => show(measures, plain))]),
  ];
  const widths = cells[0]?.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0))) ?? [];
  const lines = cells.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  );
  const full = columns.filter(({ measures }) => measures.isSaturated).map(({ engine }) => engine);
  if (full.length > 0) {
    lines.push(
      `FULL: no processor time was left (${full.join(', ')}); stalls, startup and latency there mean nothing.`,
    );
  }
  return `${lines.join('\n')}\n`;
}
