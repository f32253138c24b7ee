import { quantiles } from '../simulator/world.ts';
import type { EngineName } from './config.ts';
import type { EdgeBytes } from './services.ts';
import { mean, median } from './statistics.ts';
import type { ViewerSample } from './viewer-sample.ts';

/** All counters, read at one time. */
export interface Moment {
  readonly atMs: number;
  readonly edge: EdgeBytes;
  readonly browserCpuSeconds: number;
  /** Of the process that has edge, tracker, origin and page, and drives the browser. */
  readonly serverCpuSeconds: number;
  readonly viewers: readonly ViewerSample[];
}

/** What one playing of the scene left: moments from the first counted second to the last. */
export interface ArmRecord {
  readonly engine: EngineName;
  readonly moments: readonly Moment[];
  /** Of the machine, second by second. */
  readonly busyShares: readonly number[];
  readonly processors: number;
  /** Uncaught errors of the pages. */
  readonly errors: readonly string[];
}

/** What is printed. `null` is "does not apply", or "was not seen". */
export interface Measures {
  /** Share of what players got that the edge did not send, 0…1; below 0 when it sent some twice. */
  readonly edgeOffload: number;
  /** The same by the players' own accounts. */
  readonly playerOffload: number;
  /** Edge bytes ÷ bytes of the stream. */
  readonly copies: number;
  readonly manifestShare: number;
  readonly stalls: number;
  readonly stalledMs: number;
  readonly startupP50Ms: number;
  readonly startupP95Ms: number;
  /** Median over viewers and time. */
  readonly latencySeconds: number | null;
  readonly uploadP50: number;
  readonly uploadP95: number;
  /** bit/s. */
  readonly uploadMax: number;
  /** Bytes in data channels that are no media ÷ media bytes that came from peers. */
  readonly controlShare: number | null;
  /** Bytes on the wire, without UDP and IP ÷ media bytes sent. */
  readonly wireOverhead: number | null;
  /** Packets on the wire for each kilobyte of media, and the share of them that never came. */
  readonly packetsPerKilobyte: number | null;
  readonly lostShare: number | null;
  readonly discardedShare: number;
  readonly connectedPeers: number;
  readonly cpuSecondsPerMinute: number;
  readonly busyMean: number;
  /** Share of the processors that browser and servers used; the rest of `busyMean` is somebody else's. */
  readonly ownShare: number;
  /** The processors had nothing left: stalls, startup and latency tell of the machine then, not of the engine. */
  readonly isSaturated: boolean;
  /** Viewers that did not get the whole film in time, or whose player gave up. */
  readonly unfinished: number;
  readonly pageErrors: number;
}

const SATURATED_MEAN = 0.9;
/** A tenth of all seconds without any idle time starves decoders even when the mean looks fine. */
const SATURATED_SECOND = 0.98;

export function measure({ moments, busyShares, processors, errors }: ArmRecord): Measures {
  const first = moments[0];
  const last = moments.at(-1);
  if (!first || !last || moments.length < 2) throw new Error('an arm needs two moments at least');
  const grown = (read: (sample: ViewerSample) => number) =>
    last.viewers.map((viewer, index) => read(viewer) - read(first.viewers[index] as ViewerSample));
  const sum = (read: (sample: ViewerSample) => number) => grown(read).reduce((total, value) => total + value, 0);
  const seconds = (last.atMs - first.atMs) / 1000;
  const viewers = last.viewers.length;
  const delivered = sum((viewer) => viewer.deliveredBytes);
  const fromPeers = sum((viewer) => viewer.peerBytes);
  const uploaded = sum((viewer) => viewer.uploadedBytes);
  const packets = sum((viewer) => viewer.packetsSent);
  const edgeSent = last.edge.segments - first.edge.segments;
  const playerSum = fromPeers + sum((viewer) => viewer.edgeBytes);
  const upload = quantiles(grown((viewer) => (viewer.uploadedBytes * 8) / seconds));
  const startup = quantiles(last.viewers.flatMap(({ startupMs }) => startupMs ?? []));
  const latencies = moments.flatMap((moment) => moment.viewers.flatMap(({ latencySeconds }) => latencySeconds ?? []));
  const isFilm = last.viewers.every(({ latencySeconds }) => latencySeconds === null);
  const busyMean = mean(busyShares);
  const fullSeconds = busyShares.filter((share) => share >= SATURATED_SECOND).length;
  return {
    edgeOffload: share(delivered - edgeSent, delivered),
    playerOffload: share(fromPeers, playerSum),
    copies: share(edgeSent, delivered / viewers),
    manifestShare: share(last.edge.manifests - first.edge.manifests, delivered),
    stalls: sum((viewer) => viewer.stalls),
    stalledMs: sum((viewer) => viewer.stalledMs),
    startupP50Ms: startup.p50,
    startupP95Ms: startup.p95,
    latencySeconds: latencies.length === 0 ? null : median(latencies),
    uploadP50: upload.p50,
    uploadP95: upload.p95,
    uploadMax: upload.max,
    controlShare: uploaded === 0 ? null : (sum((viewer) => viewer.channelBytes) - uploaded) / uploaded,
    wireOverhead: uploaded === 0 ? null : sum((viewer) => viewer.wireBytes) / uploaded,
    packetsPerKilobyte: uploaded === 0 ? null : (1000 * packets) / uploaded,
    lostShare: packets === 0 ? null : 1 - sum((viewer) => viewer.packetsReceived) / packets,
    discardedShare: share(
      sum((viewer) => viewer.discardedBytes),
      playerSum,
    ),
    connectedPeers: mean(last.viewers.map(({ connectedPeers }) => connectedPeers)),
    cpuSecondsPerMinute: share(
      last.browserCpuSeconds - first.browserCpuSeconds,
      sum((viewer) => viewer.playedSeconds) / 60,
    ),
    busyMean,
    ownShare: share(ownCpuSeconds(last) - ownCpuSeconds(first), seconds * processors),
    isSaturated: busyMean >= SATURATED_MEAN || fullSeconds >= 0.1 * Math.max(1, busyShares.length),
    unfinished: last.viewers.filter(({ hasAll, failure }) => failure !== null || (isFilm && !hasAll)).length,
    pageErrors: errors.length,
  };
}

function ownCpuSeconds({ browserCpuSeconds, serverCpuSeconds }: Moment): number {
  return browserCpuSeconds + serverCpuSeconds;
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** Each figure's median over several playings; saturated when half of them were. */
export function medianMeasures(rounds: readonly Measures[]): Measures {
  const [first] = rounds;
  if (!first) throw new Error('no rounds');
  const middle = Object.entries(first).map(([name, value]) => {
    const values = rounds.map((round) => round[name as keyof Measures]);
    if (typeof value === 'boolean') return [name, 2 * values.filter((one) => one === true).length >= values.length];
    const numbers = values.filter((one) => typeof one === 'number');
    return [name, numbers.length === 0 ? null : median(numbers)];
  });
  return Object.fromEntries(middle) as unknown as Measures;
}
