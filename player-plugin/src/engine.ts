import {
  type LinkReport,
  type ManifestJwk,
  type TrackerMessage,
  UNTOLD_DUTY_BITS_PER_SECOND,
  type ViewerMessage,
} from '@nearcast/protocol';
import { SegmentCache } from './cache/segment-cache.ts';
import type { Clock } from './clock.ts';
import { Delivery } from './delivery/delivery.ts';
import type { EdgeAnswer, EdgeClient } from './delivery/edge-client.ts';
import { EdgeFetches } from './delivery/edge-fetches.ts';
import type { Hashing } from './delivery/hashing.ts';
import { Intake } from './delivery/intake.ts';
import { ManifestCheck } from './delivery/manifests.ts';
import { Performer } from './delivery/performer.ts';
import { SegmentKeys } from './delivery/segment-keys.ts';
import { TaskList, type TaskListConfig, taskListDefaults } from './delivery/task-list.ts';
import type { Random } from './random.ts';
import { LACKING_FROM_SHARE, SCARCE_FROM_SHARE } from './scheduling/early-share.ts';
import { type PlanConfig, planDefaults } from './scheduling/plan-view.ts';
import { Timeline } from './scheduling/windows.ts';
import type {
  EngineObserver,
  Playhead,
  Rendition,
  SegmentDelivery,
  SegmentEngine,
  SegmentRequest,
} from './segment-engine.ts';
import type { ConnectPeer } from './swarm/peer-transport.ts';
import { Swarm } from './swarm/swarm.ts';
import { UploadBudget, type UploadCaps } from './swarm/upload-budget.ts';
import { Uploader, type UploaderConfig, uploaderDefaults } from './swarm/uploader.ts';

export { browserClock, type Clock } from './clock.ts';
export type { EdgeAnswer, EdgeClient, EdgeRequest } from './delivery/edge-client.ts';
export type { Hashing } from './delivery/hashing.ts';
export type { Random } from './random.ts';
export type {
  EdgeReason,
  EdgeTiming,
  EngineObserver,
  Playhead,
  Rendition,
  SegmentDelivery,
  TimelineSegment,
} from './segment-engine.ts';
export type { ConnectPeer, PeerTransport, PeerTransportEvents } from './swarm/peer-transport.ts';
export { webRtcConnector } from './swarm/webrtc-transport.ts';

export interface SwarmEngineConfig {
  readonly plan: PlanConfig;
  readonly tasks: TaskListConfig;
  readonly uploader: UploaderConfig;
  readonly upload: UploadCaps;
  /** Whether manifests must be signed with a trusted key. */
  readonly needsSignature: boolean;
  /** Bytes of segments that are kept for others. */
  readonly cacheBytes: number;
}

const MIB = 1024 * 1024;

export const swarmEngineDefaults: SwarmEngineConfig = {
  plan: planDefaults,
  tasks: taskListDefaults,
  uploader: uploaderDefaults,
  upload: { maxBytesPerSecond: Number.POSITIVE_INFINITY, maxRatio: 4, maxBytes: 8 * 1024 * MIB },
  needsSignature: true,
  cacheBytes: 128 * MIB,
};

/** Everything that the engine does not do itself. */
export interface SwarmEnginePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly edge: EdgeClient;
  readonly connect: ConnectPeer;
  readonly tellTracker: (message: ViewerMessage) => void;
  readonly observer: EngineObserver;
}

/** How often the tracker is told what this viewer can pass on, ms, and from which change on: with a report it costs next to nothing. */
const UPDATE_EVERY_MS = 10_000;
const UPDATE_FROM_CHANGE = 0.5;
const UPDATE_WITH_REPORT_FROM_CHANGE = 0.2;
/** What the tracker takes a viewer to be that has told it nothing. */
const UNTOLD = { upload: true, dutyBitsPerSecond: UNTOLD_DUTY_BITS_PER_SECOND };
/** Nobody is given more duty than this, however fast the line. */
const MOST_DUTY_BITRATES = 4;

/** Deliveries keep their own deadlines; this ends those in which the engine itself is lost. */
const LONGEST_DELIVERY_MS = 60_000;

/** The swarm engine: the same in a browser and in the simulator, for it knows neither hls.js nor WebRTC. */
export class SwarmEngine implements SegmentEngine {
  readonly patienceMs: number = LONGEST_DELIVERY_MS;
  readonly #ports: SwarmEnginePorts;
  readonly #delivery: Delivery;
  readonly #edge: EdgeFetches;
  readonly #swarm: Swarm;
  readonly #uploader: Uploader;
  readonly #budget: UploadBudget;
  readonly #manifests: ManifestCheck;
  #wantsToUpload: boolean;
  #viewerId = '';
  #bitsPerSecond = 0;
  /** What the tracker believes of this viewer. */
  #told = UNTOLD;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(config: SwarmEngineConfig, ports: SwarmEnginePorts) {
    const { clock, random, hashing, observer } = ports;
    this.#ports = ports;
    this.#budget = new UploadBudget(config.upload, clock.now());
    this.#wantsToUpload = config.upload.maxBytesPerSecond > 0;
    this.#manifests = new ManifestCheck(hashing, config.needsSignature);
    const timeline = new Timeline();
    const keys = new SegmentKeys(hashing);
    const edge = new EdgeFetches(ports.edge, clock);
    this.#edge = edge;
    const cache: SegmentCache = new SegmentCache(config.cacheBytes, (key) => {
      for (const session of swarm.open) session.say({ type: 'drop', key });
    });
    this.#uploader = new Uploader(config.uploader, {
      clock,
      random,
      allowance: (now) => this.#budget.allowance(now),
      sent: (_target, bytes) => {
        this.#budget.sent(bytes, clock.now());
        observer.uploaded(bytes);
      },
      copies: (key, chunk) => swarm.copiesOf(key, chunk),
      neighbours: () => swarm.open.length,
      isScarce: () => delivery.earlyShare > SCARCE_FROM_SHARE,
    });
    const mayUpload = () => this.#mayUpload;
    const swarm = new Swarm(
      {
        clock,
        random,
        connect: ports.connect,
        cache,
        uploader: this.#uploader,
        mayUpload,
        isLacking: () => delivery.earlyShare > LACKING_FROM_SHARE,
        tellTracker: ports.tellTracker,
      },
      {
        opened: (session) => {
          observer.peerConnected(session.id);
          delivery.greet(session);
        },
        frame: (session, frame) => delivery.frame(session, frame),
        news: (session, key, runs) => delivery.heard(session, key, runs),
        chunkArrived: (session, key, chunk, bytes) => delivery.chunkArrived(session, key, chunk, bytes),
        chunkFailed: (_session, key, chunk) => delivery.chunkFailed(key, chunk),
        discarded: (bytes) => observer.discarded(bytes),
        control: (bytes) => observer.control(bytes),
        closed: (session, because) => {
          if (because === 'rejected') observer.peerRejected(session.id, 'malformed');
          observer.peerDisconnected(session.id);
          delivery.changed();
        },
      },
    );
    const tasks: TaskList = new TaskList(config.tasks, {
      timeline,
      keys,
      cache,
      keysComing: () => delivery.timelineChanged(),
    });
    const intake = new Intake(hashing, cache, {
      admitted: (task, chunk, bytes) => {
        this.#budget.received(bytes);
        delivery.admitted(task, chunk);
      },
      duplicate: (bytes) => observer.discarded(bytes),
    });
    const performer = new Performer({
      clock,
      cache,
      edge,
      intake,
      manifests: this.#manifests,
      observer,
      session: (peer) => swarm.open.find(({ id }) => id === peer),
      sessions: () => swarm.open,
      changed: () => delivery.changed(),
      cameWhole: (task, bytes) => delivery.cameWhole(task, bytes),
      failed: (task, because) => delivery.failed(task, because),
    });
    const delivery: Delivery = new Delivery(
      {
        clock,
        random,
        timeline,
        tasks,
        keys,
        cache,
        edge,
        performer,
        swarm,
        observer,
        mayUpload,
        aheadSeconds: config.tasks.aheadSeconds,
        canTrust: () => this.#manifests.canTrust,
        viewerId: () => this.#viewerId,
      },
      config.plan,
    );
    this.#swarm = swarm;
    this.#delivery = delivery;
  }

  /** Whether any manifest could be believed. */
  get canTrust(): boolean {
    return this.#manifests.canTrust;
  }

  /** The keys that manifests may be signed with. */
  trust(keys: readonly ManifestJwk[]): void {
    this.#manifests.trust(keys);
    if (this.canTrust) this.#delivery.trusted();
  }

  /** From the tracker. */
  hear(message: TrackerMessage): void {
    if (message.type === 'welcome') {
      this.#viewerId = message.viewer;
      this.#toldAt = Number.NEGATIVE_INFINITY;
      this.#told = UNTOLD;
    }
    if (message.type === 'duty') this.#delivery.setArc(message.arc);
    else this.#swarm.hear(message);
  }

  deliver(request: SegmentRequest): SegmentDelivery | undefined {
    return this.#delivery.deliver(request);
  }

  /** A segment that hls.js loaded by itself before: it may be passed on once it is verified. */
  adopt({ url, range }: Pick<SegmentRequest, 'url' | 'range'>, answer: EdgeAnswer): void {
    this.#edge.meter.delivered(answer);
    this.#delivery.adopt(url, range, answer.bytes);
  }

  renditionChanged(rendition: Rendition): void {
    this.#delivery.renditionChanged(rendition);
  }

  playheadMoved(playhead: Playhead): void {
    this.#budget.playheadMoved(playhead);
    this.#delivery.playheadMoved(playhead);
    this.#updateTracker();
  }

  /** Whether this viewer passes anything on: connections that cost by the byte come and go. */
  allowUploads(allowed: boolean): void {
    this.#wantsToUpload = allowed;
    this.#updateTracker();
  }

  /** What was exchanged with each peer since this was last asked, for a report. What else the tracker should know goes with it. */
  takeAccounts(): LinkReport[] {
    this.#updateTracker(UPDATE_WITH_REPORT_FROM_CHANGE);
    return this.#swarm.takeAccounts();
  }

  /** What the rendition that plays costs, bit/s: nobody is on duty for more than four times that. */
  set bitrate(bitsPerSecond: number) {
    this.#bitsPerSecond = bitsPerSecond;
  }

  /** Messages come when timers of a hidden page do not: whatever is due is done now. */
  poke(): void {
    this.#delivery.poke();
  }

  destroy(): void {
    this.#delivery.close();
    this.#swarm.close();
  }

  get #mayUpload(): boolean {
    return this.#wantsToUpload && !this.#budget.isPaused;
  }

  #updateTracker(fromChange = UPDATE_FROM_CHANGE): void {
    const now = this.#ports.clock.now();
    if (this.#viewerId === '' || now - this.#toldAt < UPDATE_EVERY_MS) return;
    const line = this.#uploader.bytesPerSecond * 8;
    const most = this.#bitsPerSecond > 0 ? MOST_DUTY_BITRATES * this.#bitsPerSecond : line;
    const dutyBitsPerSecond = Math.round(Math.min(line, most));
    const upload = this.#wantsToUpload;
    const change = Math.abs(dutyBitsPerSecond - this.#told.dutyBitsPerSecond);
    if (upload === this.#told.upload && change <= fromChange * this.#told.dutyBitsPerSecond) return;
    this.#toldAt = now;
    this.#told = { upload, dutyBitsPerSecond };
    this.#ports.tellTracker({ type: 'update', upload, dutyBitsPerSecond });
  }
}
