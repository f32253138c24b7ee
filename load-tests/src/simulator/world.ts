import { type EdgeReason, type SwarmEngineConfig, swarmEngineDefaults } from '@nearcast/player-plugin/engine';
import { nowhere, type Place, type ViewerOutbox, ViewerSwarms, viewerSwarmsDefaults } from '@nearcast/tracker/swarm';
import { EdgeModel } from './edge-model.ts';
import { HomeLine, type PacketCost, wirePackets } from './home-line.ts';
import { type HostileKind, HostileViewer } from './hostile-viewer.ts';
import { ModelViewer, type ViewerTotals } from './model-viewer.ts';
import { type CarriedBytes, type NatClass, PeerNetwork } from './peer-network.ts';
import { exponential, seededRandom } from './seeded-random.ts';
import { SegmentTrace, type TraceStep } from './segment-trace.ts';
import { StreamModel } from './stream-model.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Everything that makes one world differ from another. */
export interface WorldConfig {
  readonly seed: number;
  readonly viewers: number;
  readonly seconds: number;
  /** Left out of the figures at the beginning, s. */
  readonly warmUpSeconds: number;
  readonly live: boolean;
  readonly bitsPerSecond: number;
  readonly segmentSeconds: number;
  /** Segments in a live playlist, and how many of them behind the live edge viewers play. */
  readonly window: number;
  readonly behind: number;
  /** How far ahead the player loads a recording, s. */
  readonly bufferSeconds: number;
  /** Segments of a recording. */
  readonly recordingSegments: number;
  /** Uplink of the viewer with this number, bit/s. */
  readonly uplink: (viewer: number, random: () => number) => number;
  readonly downlink: number;
  readonly packets: PacketCost;
  readonly regions: number;
  /** LANs in each region; one part of its viewers more than there are sites is at home. */
  readonly sites: number;
  /** Whether the tracker knows where viewers are. */
  readonly isPlaced: boolean;
  /** Between the joins of one viewer and the next, ms. */
  readonly joinEveryMs: number;
  readonly siteDelayMs: readonly [number, number];
  readonly nearDelayMs: readonly [number, number];
  readonly farDelayMs: readonly [number, number];
  readonly edgeRoundTripMs: number;
  readonly lossShare: number;
  readonly nat: (random: () => number) => NatClass;
  /** Viewers leave after this time on average, s, and others come in their place. */
  readonly meanStaySeconds: number;
  /** At this moment this share of the viewers leaves at once, s. */
  readonly exodus: { readonly atSeconds: number; readonly share: number } | undefined;
  readonly edgeAway: { readonly fromSeconds: number; readonly toSeconds: number } | undefined;
  readonly trackerAway: { readonly fromSeconds: number; readonly toSeconds: number } | undefined;
  /** Viewers that do harm, each in its way. */
  readonly hostile: readonly HostileKind[];
  /** The segment that is new at this moment is followed through the swarm, s. */
  readonly traceAtSeconds: number | undefined;
  readonly engine: SwarmEngineConfig;
}

export const worldDefaults: WorldConfig = {
  seed: 1,
  viewers: 8,
  seconds: 60,
  warmUpSeconds: 15,
  live: true,
  bitsPerSecond: 1_120_000,
  segmentSeconds: 2,
  window: 6,
  behind: 3,
  bufferSeconds: 30,
  recordingSegments: 60,
  uplink: () => 50_000_000,
  downlink: 20_000_000,
  packets: wirePackets,
  regions: 1,
  sites: 0,
  isPlaced: true,
  joinEveryMs: 0,
  siteDelayMs: [1, 2],
  nearDelayMs: [5, 15],
  farDelayMs: [30, 60],
  edgeRoundTripMs: 30,
  lossShare: 0,
  nat: () => 'open',
  meanStaySeconds: Number.POSITIVE_INFINITY,
  exodus: undefined,
  edgeAway: undefined,
  trackerAway: undefined,
  hostile: [],
  traceAtSeconds: undefined,
  engine: swarmEngineDefaults,
};

export interface WorldResult {
  /** Share of the delivered bytes that the edge did not send, over the steady part. */
  readonly offload: number;
  /** min(1 − regions/viewers, uplink/bitrate), the bitrate being that of the segments that were counted. */
  readonly bound: number;
  /** Edge bytes of a segment ÷ its size, per region. */
  readonly copiesPerRegion: number;
  readonly stalls: number;
  readonly stalledMs: number;
  readonly startupMs: Quantiles;
  /** From when a segment is at the edge to when a viewer's player has it, ms. */
  readonly completionMs: Quantiles;
  /** Per viewer, bit/s. */
  readonly uploadBitsPerSecond: Quantiles;
  /** Bytes that are not media ÷ media bytes between peers. */
  readonly controlShare: number;
  readonly discardedShare: number;
  readonly peers: Quantiles;
  /** Of what viewers have from each other: within one region; and of what viewers in sites have: within their site. */
  readonly near: { readonly region: number; readonly site: number };
  readonly viewers: readonly ViewerTotals[];
  /** Edge bytes by reason, as shares of everything that was received. */
  readonly edgeShares: Readonly<Record<EdgeReason, number>>;
  /** Of the segment that was followed, if any was. */
  readonly trace?: readonly TraceStep[];
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Enough to do harm. */
const HOSTILE_BITS_PER_SECOND = 20_000_000;
const TRACKER_DELAY_MS = 20;
const REPORT_EVERY_MS = 10_000;
/** Segment 0 of a live stream is there at this moment, so that the first viewer finds a window. */
const LIVE_BEGINS_AT_MS = 0;

/** A swarm in one process: real engines, the real swarm state of the tracker, model lines, model players. */
export class World {
  readonly config: WorldConfig;
  readonly clock: VirtualClock = new VirtualClock();
  readonly viewers: ModelViewer[] = [];
  readonly #random: () => number;
  readonly #stream: StreamModel;
  readonly #swarms: ViewerSwarms;
  readonly #network: PeerNetwork;
  readonly #edgeBytes = new Map<number, Float64Array>();
  readonly #deliveredBytes = new Map<number, number>();
  readonly #completions: number[] = [];
  #trace: SegmentTrace | undefined;
  #connections = 0;

  constructor(given: Partial<WorldConfig> = {}) {
    this.config = { ...worldDefaults, ...given };
    const { seed, bitsPerSecond, segmentSeconds, live, recordingSegments } = this.config;
    this.#random = seededRandom(seed);
    const segments = live ? Number.POSITIVE_INFINITY : recordingSegments;
    this.#stream = new StreamModel({ bitsPerSecond, segmentSeconds, segments }, this.#random);
    this.#swarms = new ViewerSwarms(viewerSwarmsDefaults, this.#random);
    this.#network = new PeerNetwork(this.config, this.clock, this.#random, (channel, bytes) =>
      this.#trace?.sent(channel, bytes, this.clock.now()),
    );
  }

  async run(afterEach?: () => void): Promise<WorldResult> {
    const { viewers, joinEveryMs, seconds, exodus, live, segmentSeconds, window, traceAtSeconds } = this.config;
    // A live stream has been on for a window already.
    const startAt = live ? window * segmentSeconds * 1000 : 0;
    for (let index = 0; index < viewers; index++) {
      // Nobody polls at the same moment as another.
      const at = startAt + index * joinEveryMs + this.#random() * segmentSeconds * 1000;
      this.clock.after(at, () => this.#add());
    }
    for (const kind of this.config.hostile) this.clock.after(startAt + 3_000, () => this.#addHostile(kind));
    if (exodus) this.clock.after(startAt + exodus.atSeconds * 1000, () => this.#leaveAtOnce(exodus.share));
    if (traceAtSeconds !== undefined) this.#traceAt(startAt + traceAtSeconds * 1000);
    await this.clock.advanceTo(startAt + seconds * 1000, afterEach);
    return this.#result(startAt);
  }

  #add(): void {
    const { uplink, downlink, regions, nat, meanStaySeconds } = this.config;
    const index = this.viewers.length;
    const line = new HomeLine(
      this.clock,
      uplink(index, seededRandom(this.config.seed * 100_003 + index)),
      downlink,
      this.config.packets,
    );
    const region = index % regions;
    const site = siteOf(index, this.config);
    const traits = { index, region, site, nat: nat(this.#random), line };
    const edge = new EdgeModel(
      {
        roundTripMs: this.config.edgeRoundTripMs,
        availableAt: (segment) => this.#availableAt(segment),
        isAway: (now) => isWithin(now, this.config.edgeAway),
      },
      {
        clock: this.clock,
        stream: this.#stream,
        line,
        region,
        ledger: { sent: (segment, from, bytes) => this.#countEdge(segment, from, bytes) },
      },
    );
    this.#connections += 1;
    const connection = this.#connections;
    const { live, window, behind, bufferSeconds } = this.config;
    const viewer: ModelViewer = new ModelViewer(
      traits,
      { live, window, behind, bufferSeconds, availableAt: (segment) => this.#availableAt(segment) },
      {
        clock: this.clock,
        random: this.#random,
        stream: this.#stream,
        network: this.#network,
        edge,
        engine: this.config.engine,
        tellTracker: (message) => this.#tellTracker(connection, this.#placeOf(region, site), message),
        received: (receiver, segment, bytes, because) => {
          if (segment !== undefined && this.#trace?.isOf(segment)) {
            this.#trace.received(receiver, bytes, because, this.clock.now());
          }
        },
        delivered: (segment, data) => this.#countDelivery(segment, data),
      },
    );
    this.viewers.push(viewer);
    this.#byConnection.set(connection, viewer);
    viewer.join();
    this.clock.after(REPORT_EVERY_MS, () => this.#report(connection));
    if (!Number.isFinite(meanStaySeconds)) return;
    this.clock.after(exponential(meanStaySeconds, this.#random) * 1000, () => {
      this.#leave(connection, this.#random() < 0.5);
      this.#add();
    });
  }

  #traceAt(at: number): void {
    this.clock.after(at, () => {
      const segment = this.#newest() + 1;
      const { key, body } = this.#stream.segment(segment);
      const present = this.viewers.filter((viewer) => !viewer.isGone);
      const uplinkBytesPerMs = present.reduce((sum, { traits }) => sum + traits.line.upBytesPerMs, 0);
      const availableAtMs = this.#availableAt(segment);
      this.#trace = new SegmentTrace({
        key,
        bytes: body.length,
        availableAtMs,
        viewers: present.length,
        uplinkBytesPerMs,
      });
    });
  }

  #report(connection: number): void {
    const viewer = this.#byConnection.get(connection);
    if (!(viewer instanceof ModelViewer)) return;
    const measured = viewer.takeAccounts().flatMap(({ peer, rttMs }) => (rttMs === undefined ? [] : { peer, rttMs }));
    this.#deliver((out) => this.#swarms.heard(connection, measured, this.clock.now(), out));
    this.clock.after(REPORT_EVERY_MS, () => this.#report(connection));
  }

  #placeOf(region: number, site: number | undefined): Place {
    if (!this.config.isPlaced) return nowhere;
    if (site === undefined) return { ...nowhere, region: `r${region}` };
    return { ...nowhere, lan: `r${region} site ${site}`, region: `r${region} site ${site}` };
  }

  #addHostile(kind: HostileKind): void {
    this.#connections += 1;
    const connection = this.#connections;
    const line = new HomeLine(this.clock, HOSTILE_BITS_PER_SECOND, HOSTILE_BITS_PER_SECOND, this.config.packets);
    const viewer: HostileViewer = new HostileViewer(kind, {
      clock: this.clock,
      stream: this.#stream,
      connect: this.#network.connector({ line, region: 0, nat: 'open' }),
      tellTracker: (message) => this.#tellTracker(connection, this.#placeOf(0, undefined), message),
      newest: () => this.#newest(),
    });
    this.#byConnection.set(connection, viewer);
    viewer.join();
  }

  #newest(): number {
    const { live, segmentSeconds, recordingSegments } = this.config;
    return live ? Math.floor(this.clock.now() / 1000 / segmentSeconds) - 1 : recordingSegments - 1;
  }

  readonly #byConnection = new Map<number, ModelViewer | HostileViewer>();

  #leaveAtOnce(share: number): void {
    for (const connection of [...this.#byConnection.keys()]) {
      if (this.#random() < share) this.#leave(connection, this.#random() < 0.5);
    }
  }

  #leave(connection: number, politely: boolean): void {
    const viewer = this.#byConnection.get(connection);
    if (viewer instanceof ModelViewer) viewer.leave(politely);
    this.#byConnection.delete(connection);
    this.#deliver((out) => this.#swarms.leave(connection, out));
  }

  #tellTracker(connection: number, place: Place, message: Parameters<ModelViewer['hear']>[0] | object): void {
    this.clock.after(TRACKER_DELAY_MS, () => {
      if (isWithin(this.clock.now(), this.config.trackerAway)) return;
      this.#deliver((out) => this.#obey(connection, place, message as never, out));
    });
  }

  #obey(
    connection: number,
    place: Place,
    message: import('@nearcast/protocol').ViewerMessage,
    out: ViewerOutbox,
  ): void {
    switch (message.type) {
      case 'join': {
        const told: ViewerOutbox = [];
        const { id } = this.#swarms.join(connection, `v${connection}`, message, place, this.clock.now(), told);
        const viewers = this.#swarms.sizeOf(message.swarm);
        const keys = [this.#stream.jwk];
        out.push({
          to: connection,
          message: { type: 'welcome', viewer: id, reportEveryMs: REPORT_EVERY_MS, viewers, keys, iceServers: [] },
        });
        out.push(...told);
        break;
      }
      case 'update':
        this.#swarms.update(connection, message.upload, message.dutyBitsPerSecond, out);
        break;
      case 'want':
        this.#swarms.want(connection, message.peers, out);
        break;
      case 'unlink':
        this.#swarms.unlink(connection, message.peer, message.because);
        break;
      case 'signal':
        this.#swarms.relay(connection, message.to, message.signal, out);
        break;
      case 'leave':
        this.#swarms.leave(connection, out);
        break;
      case 'report':
      case 'renew':
        break;
    }
  }

  #deliver(command: (out: ViewerOutbox) => void): void {
    const out: ViewerOutbox = [];
    command(out);
    for (const { to, message } of out) {
      this.clock.after(TRACKER_DELAY_MS, () => this.#byConnection.get(to)?.hear(message));
    }
  }

  #availableAt(segment: number): number {
    return this.config.live ? LIVE_BEGINS_AT_MS + (segment + 1) * this.config.segmentSeconds * 1000 : 0;
  }

  #countEdge(segment: number, region: number, bytes: number): void {
    const byRegion = this.#edgeBytes.get(segment) ?? new Float64Array(this.config.regions);
    byRegion[region] = (byRegion[region] ?? 0) + bytes;
    this.#edgeBytes.set(segment, byRegion);
  }

  #countDelivery(segment: number, data: ArrayBuffer): void {
    const { body } = this.#stream.segment(segment);
    if (Buffer.compare(new Uint8Array(data), body) !== 0)
      throw new Error(`segment ${segment} was delivered with wrong bytes`);
    this.#deliveredBytes.set(segment, (this.#deliveredBytes.get(segment) ?? 0) + data.byteLength);
    this.#completions.push(this.clock.now() - this.#availableAt(segment));
  }

  #result(startAt: number): WorldResult {
    const { warmUpSeconds, seconds, segmentSeconds, live, regions } = this.config;
    const from = startAt + warmUpSeconds * 1000;
    // The last segments are still on their way when time ends.
    const to = startAt + (seconds - 8) * 1000;
    let edge = 0;
    let delivered = 0;
    let size = 0;
    let counted = 0;
    for (const [segment, bytes] of this.#deliveredBytes) {
      const at = this.#availableAt(segment);
      if (live && (at < from || at > to)) continue;
      delivered += bytes;
      counted += 1;
      size += this.#stream.segment(segment).body.length;
      edge += this.#edgeBytes.get(segment)?.reduce((sum, part) => sum + part, 0) ?? 0;
    }
    const totals = this.viewers.map((viewer) => viewer.totals);
    const uplinks = this.viewers.map(({ traits }) => traits.line.upBytesPerMs * 8000);
    const meanUplink = uplinks.reduce((sum, rate) => sum + rate, 0) / Math.max(1, uplinks.length);
    const sum = (name: 'peerBytes' | 'controlBytes' | 'discardedBytes' | 'stalls' | 'stalledMs') =>
      totals.reduce((total, viewer) => total + viewer[name], 0);
    const watched = (seconds - segmentSeconds / 2) * 1000;
    return {
      offload: 1 - edge / delivered,
      bound: Math.min(
        1 - (totals.length < 24 ? 1 : regions) / this.config.viewers,
        (meanUplink / 8) * ((counted * segmentSeconds) / size),
      ),
      copiesPerRegion: edge / size / regions,
      stalls: sum('stalls'),
      stalledMs: sum('stalledMs'),
      startupMs: quantiles(totals.flatMap(({ startupMs }) => startupMs ?? [])),
      completionMs: quantiles(this.#completions),
      uploadBitsPerSecond: quantiles(totals.map(({ uploadedBytes }) => (uploadedBytes * 8000) / watched)),
      controlShare: sum('controlBytes') / 2 / Math.max(1, sum('peerBytes')),
      discardedShare: sum('discardedBytes') / Math.max(1, sum('peerBytes')),
      peers: quantiles(totals.map(({ peers }) => peers)),
      near: nearShares(this.#network.carried),
      viewers: totals,
      edgeShares: edgeShares(totals),
      ...(this.#trace ? { trace: this.#trace.steps } : {}),
    };
  }
}

function siteOf(index: number, { regions, sites }: WorldConfig): number | undefined {
  const group = Math.floor(index / regions) % (sites + 1);
  return group === 0 ? undefined : group;
}

function nearShares({ site, region, far, toSites }: CarriedBytes): WorldResult['near'] {
  const all = Math.max(1, site + region + far);
  return { region: (site + region) / all, site: site / Math.max(1, toSites) };
}

function isWithin(
  now: number,
  span: { readonly fromSeconds: number; readonly toSeconds: number } | undefined,
): boolean {
  return span !== undefined && now >= span.fromSeconds * 1000 && now < span.toSeconds * 1000;
}

function edgeShares(totals: readonly ViewerTotals[]): Record<EdgeReason, number> {
  const shares: Record<EdgeReason, number> = { duty: 0, backup: 0, early: 0, repair: 0, alone: 0 };
  const received = totals.reduce((sum, { peerBytes, edgeBytes }) => sum + peerBytes + edgeBytes, 0);
  for (const { edgeBytesBecause } of totals) {
    for (const reason of Object.keys(shares) as EdgeReason[]) shares[reason] += edgeBytesBecause[reason] / received;
  }
  return shares;
}

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
