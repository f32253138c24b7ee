import {
  type EdgeAnswer,
  type EdgeReason,
  type EngineObserver,
  type Random,
  SwarmEngine,
  type SwarmEngineConfig,
  type TimelineSegment,
} from '@nearcast/player-plugin/engine';
import type { LinkReport, TrackerMessage, ViewerMessage } from '@nearcast/protocol';
import type { EdgeModel } from './edge-model.ts';
import type { HomeLine } from './home-line.ts';
import type { NatClass, PeerNetwork } from './peer-network.ts';
import { modelHashing, type StreamModel } from './stream-model.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ViewerTraits {
  readonly index: number;
  readonly region: number;
  readonly site?: number | undefined;
  readonly nat: NatClass;
  readonly line: HomeLine;
}

/** What a viewer did and felt. */
export interface ViewerTotals {
  peerBytes: number;
  edgeBytes: number;
  /** Of these, by reason. */
  readonly edgeBytesBecause: Record<EdgeReason, number>;
  uploadedBytes: number;
  discardedBytes: number;
  controlBytes: number;
  rejectedPeers: number;
  startupMs: number | undefined;
  stalls: number;
  stalledMs: number;
  deliveredSegments: number;
  peers: number;
}

export interface ViewerPlan {
  readonly live: boolean;
  /** Segments in a live playlist. */
  readonly window: number;
  /** How many segments behind the live edge playback begins. */
  readonly behind: number;
  /** How far ahead the player loads, s. */
  readonly bufferSeconds: number;
  /** When a segment is in the playlist, ms. */
  readonly availableAt: (segment: number) => number;
}

export interface ViewerDeps {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly stream: StreamModel;
  readonly network: PeerNetwork;
  readonly edge: EdgeModel;
  readonly engine: SwarmEngineConfig;
  readonly tellTracker: (message: ViewerMessage) => void;
  /** Every segment that reaches the player, with when it was due. */
  readonly delivered: (segment: number, data: ArrayBuffer, from: 'peers' | 'edge') => void;
  /** Bytes of the segment with this key came, from the edge for a reason, or from a peer. */
  readonly received: (viewer: ViewerTraits, segment: string | undefined, bytes: number, because?: EdgeReason) => void;
}

const PLAYLIST_TRIPS = 2;
/** A wait that rounds to nothing would never end. */
const LEAST_WAIT_MS = 10;
const PLAYHEAD_EVERY_MS = 250;
const FIRST_BYTE_WITHIN_MS = 10_000;
const WHOLE_WITHIN_MS = 120_000;

/** A viewer with the real engine and a player that behaves as hls.js does: one segment after the other, as early as it may. */
export class ModelViewer {
  readonly traits: ViewerTraits;
  readonly totals: ViewerTotals = {
    peerBytes: 0,
    edgeBytes: 0,
    edgeBytesBecause: { duty: 0, backup: 0, early: 0, repair: 0, alone: 0 },
    uploadedBytes: 0,
    discardedBytes: 0,
    controlBytes: 0,
    rejectedPeers: 0,
    startupMs: undefined,
    stalls: 0,
    stalledMs: 0,
    deliveredSegments: 0,
    peers: 0,
  };
  readonly #plan: ViewerPlan;
  readonly #deps: ViewerDeps;
  readonly #engine: SwarmEngine;
  #joinedAt = 0;
  #next = 0;
  #known = -1;
  /** Position, s, at a moment; moves on from there while there is media. */
  #anchor: { position: number; at: number } | undefined;
  #bufferedEnd = 0;
  #stalledAt: number | undefined;
  #isLoading = false;
  #isGone = false;

  constructor(traits: ViewerTraits, plan: ViewerPlan, deps: ViewerDeps) {
    this.traits = traits;
    this.#plan = plan;
    this.#deps = deps;
    this.#engine = new SwarmEngine(deps.engine, {
      clock: deps.clock,
      random: deps.random,
      hashing: modelHashing(deps.clock),
      edge: deps.edge,
      connect: deps.network.connector(traits),
      tellTracker: deps.tellTracker,
      observer: this.#observer(),
    });
    this.#engine.bitrate = deps.stream.config.bitsPerSecond;
  }

  get segmentSeconds(): number {
    return this.#deps.stream.config.segmentSeconds;
  }

  join(): void {
    const { clock } = this.#deps;
    this.#joinedAt = clock.now();
    clock.after(PLAYLIST_TRIPS * 30, () => this.#begin());
  }

  hear(message: TrackerMessage): void {
    if (this.#isGone) return;
    if (message.type === 'welcome') this.#engine.trust(message.keys);
    this.#engine.hear(message);
  }

  /** @param politely whether peers are told; a closed lid tells nobody */
  /** What a report would say of its neighbours. */
  takeAccounts(): LinkReport[] {
    return this.#engine.takeAccounts();
  }

  leave(politely: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (!politely) this.#deps.network.vanish(this.traits);
    this.#engine.destroy();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  #begin(): void {
    if (this.#isGone) return;
    this.#poll();
    this.#next = this.#plan.live ? Math.max(0, this.#known + 1 - this.#plan.behind) : 0;
    this.#bufferedEnd = this.#next * this.segmentSeconds;
    // The first segment is loaded as without Nearcast: startup must not be slower.
    const number = this.#next;
    const { url } = this.#deps.stream.segment(number);
    this.#isLoading = true;
    this.#deps.edge.fetch({ what: 'segment', url }, (answer) => {
      if (this.#isGone || !answer) return;
      this.totals.edgeBytes += answer.bytes.length;
      this.#isLoading = false;
      this.#firstFrame(number, answer);
    });
  }

  #firstFrame(number: number, answer: EdgeAnswer): void {
    const { clock, tellTracker, stream } = this.#deps;
    this.totals.startupMs = clock.now() - this.#joinedAt;
    this.#bufferedEnd = (number + 1) * this.segmentSeconds;
    this.#anchor = { position: number * this.segmentSeconds, at: clock.now() };
    tellTracker({ type: 'join', swarm: 'stream', engine: 'swarm', upload: true });
    this.#append(number, answer.bytes.slice().buffer, 'edge');
    this.#engine.adopt({ url: stream.segment(number).url }, answer);
    this.#movePlayhead();
  }

  /** Reads the playlist, and reads it again one target duration later. */
  #poll(): void {
    if (this.#isGone) return;
    const { clock, stream } = this.#deps;
    const now = clock.now();
    while (this.#plan.availableAt(this.#known + 1) <= now && this.#known + 1 < stream.config.segments) this.#known += 1;
    const first = this.#plan.live ? Math.max(0, this.#known + 1 - this.#plan.window) : 0;
    const segments: TimelineSegment[] = [];
    for (let number = first; number <= this.#known; number++) segments.push(this.#timelineSegment(number));
    const { live } = this.#plan;
    this.#engine.renditionChanged({
      url: stream.playlistUrl,
      kind: 'main',
      live,
      targetDuration: this.segmentSeconds,
      segments,
    });
    if (live) clock.after(this.segmentSeconds * 1000, () => this.#poll());
    if (this.#anchor) this.#load();
  }

  #timelineSegment(number: number): TimelineSegment {
    const start = number * this.segmentSeconds;
    const { url } = this.#deps.stream.segment(number);
    return { url, sequence: number, start, end: start + this.segmentSeconds };
  }

  #load(): void {
    const { stream, clock } = this.#deps;
    if (this.#isLoading || this.#isGone || this.#next > this.#known || this.#next >= stream.config.segments) return;
    const ahead = this.#bufferedEnd - this.#position();
    if (ahead > this.#plan.bufferSeconds) {
      clock.after(Math.max(LEAST_WAIT_MS, (ahead - this.#plan.bufferSeconds) * 1000), () => this.#load());
      return;
    }
    const number = this.#next;
    const { url } = stream.segment(number);
    this.#isLoading = true;
    const delivery = this.#engine.deliver({
      url,
      firstByteWithinMs: FIRST_BYTE_WITHIN_MS,
      wholeWithinMs: WHOLE_WITHIN_MS,
    });
    if (!delivery) {
      this.#loadPlainly(number, url);
      return;
    }
    delivery.whole.then(
      ({ data, from }) => this.#append(number, data, from),
      () => this.#loadPlainly(number, url),
    );
  }

  #loadPlainly(number: number, url: string): void {
    if (this.#isGone) return;
    this.#deps.edge.fetch({ what: 'segment', url }, (answer) => {
      if (this.#isGone) return;
      if (answer) {
        this.totals.edgeBytes += answer.bytes.length;
        this.#append(number, answer.bytes.slice().buffer, 'edge');
      } else {
        this.#deps.clock.after(500, () => this.#loadPlainly(number, url));
      }
    });
  }

  #append(number: number, data: ArrayBuffer, from: 'peers' | 'edge'): void {
    if (this.#isGone) return;
    const { clock } = this.#deps;
    this.#position();
    this.totals.deliveredSegments += 1;
    this.#deps.delivered(number, data, from);
    this.#bufferedEnd = (number + 1) * this.segmentSeconds;
    if (this.#stalledAt !== undefined && this.#anchor) {
      this.totals.stalledMs += clock.now() - this.#stalledAt;
      this.#stalledAt = undefined;
      this.#anchor = { position: this.#anchor.position, at: clock.now() };
    }
    this.#isLoading = false;
    this.#next = number + 1;
    this.#load();
  }

  /** Where the playhead is now; notices a stall. */
  #position(): number {
    const now = this.#deps.clock.now();
    if (!this.#anchor) return 0;
    if (this.#stalledAt !== undefined) return this.#anchor.position;
    const position = this.#anchor.position + (now - this.#anchor.at) / 1000;
    if (position < this.#bufferedEnd || this.#bufferedEnd >= this.#deps.stream.config.segments * this.segmentSeconds) {
      return position;
    }
    this.#stalledAt = now;
    this.totals.stalls += 1;
    this.#anchor = { position: this.#bufferedEnd, at: now };
    return this.#bufferedEnd;
  }

  #movePlayhead(): void {
    if (this.#isGone) return;
    const position = this.#position();
    this.#engine.playheadMoved({
      position,
      rate: this.#stalledAt === undefined ? 1 : 0,
      bufferedAhead: Math.max(0, this.#bufferedEnd - position),
    });
    this.#deps.clock.after(PLAYHEAD_EVERY_MS, () => this.#movePlayhead());
  }

  #observer(): EngineObserver {
    const { totals } = this;
    return {
      receivedFromPeers: (bytes, segment) => {
        this.#deps.received(this.traits, segment, bytes);
        totals.peerBytes += bytes;
      },
      receivedFromEdge: (bytes, because, segment) => {
        this.#deps.received(this.traits, segment, bytes, because);
        totals.edgeBytes += bytes;
        totals.edgeBytesBecause[because] += bytes;
      },
      uploaded: (bytes) => {
        totals.uploadedBytes += bytes;
      },
      discarded: (bytes) => {
        totals.discardedBytes += bytes;
      },
      control: (bytes) => {
        totals.controlBytes += bytes;
      },
      peerConnected: () => {
        totals.peers += 1;
      },
      peerDisconnected: () => {
        totals.peers -= 1;
      },
      peerRejected: () => {
        totals.rejectedPeers += 1;
      },
      warned: () => undefined,
    };
  }
}
