import { type Arc, type ByteRange, type ChunkRun, hexOf, pathOfUrl } from '@nearcast/protocol';
import type { SegmentCache } from '../cache/segment-cache.ts';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { FIRST_EARLY_SHARE, nextEarlyShare } from '../scheduling/early-share.ts';
import { type DutyRule, viewerNumber } from '../scheduling/fetch-duty.ts';
import { planRequests } from '../scheduling/plan-requests.ts';
import type { PlanConfig } from '../scheduling/plan-view.ts';
import type { Timeline } from '../scheduling/windows.ts';
import type {
  DeliveredSegment,
  EngineObserver,
  Playhead,
  Rendition,
  SegmentDelivery,
  SegmentRequest,
  TimelineSegment,
} from '../segment-engine.ts';
import { ANSWER_WITHIN_MS } from '../swarm/control-outbox.ts';
import type { ExchangeFrame, PeerSession } from '../swarm/peer-session.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { EdgeFetches } from './edge-fetches.ts';
import type { Performer } from './performer.ts';
import type { SegmentKeys } from './segment-keys.ts';
import type { SegmentTask, Waiter } from './segment-task.ts';
import type { Hearsay, TaskList } from './task-list.ts';
import { honestBitsPerSecond } from './transfer-time.ts';

/** Plans come at events, but not more often than this, and at least this often, ms. */
const PLAN_AFTER_MS = 10;
const PLAN_EVERY_MS = 100;
/** How often neighbours are told what this viewer plays, ms. */
const WINDOWS_EVERY_MS = 1_000;
/** Live segments are kept so long after they were last seen in the playlist: others read theirs a little later. */
const KEPT_TARGET_DURATIONS = 2;
/** Of a segment's duration: how long the second one waits for the keys. */
const HOLD_SHARE = 0.25;
/** A new neighbour says what it has within this time, ms. */
const HEARING_MS = 400;
/** After so many segments without a manifest there will be none for the next either, for so long, ms. */
const MISSES_TO_DECLINE = 3;
const DECLINE_FOR_MS = 30_000;

interface FoundSegment {
  readonly rendition: Rendition;
  readonly segment: TimelineSegment;
}

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly tasks: TaskList;
  readonly keys: SegmentKeys;
  readonly cache: SegmentCache;
  readonly edge: EdgeFetches;
  readonly performer: Performer;
  readonly swarm: Swarm;
  readonly observer: EngineObserver;
  /** Whether this viewer may pass anything on now: whoever may not has no duty. */
  readonly mayUpload: () => boolean;
  /** How far beyond hls.js' own loading a recording is fetched, s. */
  readonly aheadSeconds: number;
  /** Whether there is a key that a manifest could be believed for. */
  readonly canTrust: () => boolean;
  /** This viewer's name, once the tracker has given it one. */
  readonly viewerId: () => string;
}

/** From what hls.js asks for to what it gets: keeps the list of what is wanted, plans, and answers. */
export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #plan: PlanConfig;
  #arc: Arc | null | undefined;
  #cancelPlan: (() => void) | undefined;
  #planDueAt = Number.POSITIVE_INFINITY;
  /** When the tasks were last made to follow the timeline; after each of its changes they are at once. */
  #followedAt = Number.NEGATIVE_INFINITY;
  #toldWindowsAt = Number.NEGATIVE_INFINITY;
  /** By key: when a live segment can be forgotten, unless a playlist names it again. */
  readonly #keptUntil = new Map<string, number>();
  readonly #held: (() => void)[] = [];
  /** Which share of a live segment is asked of the edge at once, and so how far what neighbours pass on is from enough. */
  earlyShare: number = FIRST_EARLY_SHARE;
  #misses = 0;
  #declinesUntil = 0;
  #isClosed = false;

  constructor(deps: DeliveryDeps, plan: PlanConfig) {
    this.#deps = deps;
    this.#plan = plan;
  }

  /** The tracker's last word on this viewer's share; stays valid when the tracker is away. */
  setArc(arc: Arc | null): void {
    this.#arc = arc;
    this.changed();
  }

  renditionChanged(rendition: Rendition): void {
    this.#deps.timeline.renditionChanged(rendition);
    this.#deps.keys.renditionNumber(rendition.url);
    if (rendition.live) this.#noteNamed(rendition);
    this.timelineChanged();
  }

  playheadMoved(playhead: Playhead): void {
    this.#deps.timeline.playheadMoved(playhead, this.#deps.clock.now());
    this.timelineChanged();
  }

  /** `undefined`: the segment is in no playlist that this engine knows, or segments like it have no manifests. */
  deliver(request: SegmentRequest): SegmentDelivery | undefined {
    const found = this.#find(request);
    const { clock, canTrust, swarm } = this.#deps;
    if (!found) return undefined;
    if (canTrust()) return this.#deliver(request, found);
    return swarm.isExpectingPeers(clock.now()) ? this.#deliverOnceTrusted(request, found) : undefined;
  }

  /** There are keys now: what was held for want of them goes on. */
  trusted(): void {
    for (const go of this.#held.splice(0)) go();
  }

  /** The tracker is about to bring the keys. So long, and not longer, a segment can wait: the first one is playing. */
  #deliverOnceTrusted(request: SegmentRequest, found: FoundSegment): SegmentDelivery {
    let delivery: SegmentDelivery | undefined;
    let giveUp: () => void = () => undefined;
    // Whichever is first: what comes later settles nothing.
    const trusted = new Promise<void>((resolve, reject) => {
      giveUp = reject;
      this.#deps.clock.after(HOLD_SHARE * (found.segment.end - found.segment.start) * 1000, giveUp);
      this.#held.push(resolve);
    });
    const whole = trusted.then(() => {
      delivery = this.#deliver(request, found);
      return delivery.whole;
    });
    return {
      whole,
      abort: () => {
        giveUp();
        delivery?.abort();
      },
    };
  }

  #deliver(request: SegmentRequest, found: FoundSegment): SegmentDelivery {
    this.#deps.timeline.requested(found.rendition, found.segment);
    let abort: () => void = () => undefined;
    let isAborted = false;
    const whole = new Promise<DeliveredSegment>((resolve, reject) => {
      this.#deps.keys.keyOf(request.url, request.range, (key) => {
        if (isAborted) return;
        const { firstByteWithinMs, wholeWithinMs } = request;
        const since = this.#deps.clock.now();
        abort = this.#wait(key, found, { since, firstByteWithinMs, wholeWithinMs, resolve, reject });
      });
    });
    return {
      whole,
      abort: () => {
        isAborted = true;
        abort();
      },
    };
  }

  /** A segment that hls.js loaded by itself before this engine took part: it can be passed on, once it is verified. */
  adopt(url: string, range: ByteRange | undefined, body: Uint8Array): void {
    const found = this.#find({ url, ...(range ? { range } : {}) });
    if (!(found && this.#deps.canTrust())) return;
    this.#deps.timeline.requested(found.rendition, found.segment);
    this.#deps.keys.keyOf(url, range, (key) => {
      if (this.#deps.cache.get(key)?.isWhole) return;
      const task = this.#deps.tasks.forRequest(key, found.rendition, found.segment, this.#deps.clock.now());
      this.#deps.performer.adopt(task, body);
    });
  }

  /** What neighbours need to know about this viewer, when they have just met. */
  greet(session: PeerSession): void {
    for (const { key, chunks } of this.#deps.cache.segments()) {
      chunks.forEach((bytes, chunk) => {
        if (bytes) session.announce(key, chunk, ANSWER_WITHIN_MS);
      });
    }
    for (const task of this.#deps.tasks.all()) if (task.isLive && task.place) this.#tell(session, task);
    this.#tellWindows([session]);
    this.changed();
  }

  /** A neighbour has more. Only what is missing is worth a plan, and not before the neighbour may be asked. */
  heard(session: PeerSession, key: string, runs: readonly ChunkRun[]): void {
    if (!this.#deps.tasks.get(key)?.lacks(runs)) return;
    this.#planWithin(Math.max(PLAN_AFTER_MS, session.availableAt - this.#deps.clock.now()));
  }

  frame(session: PeerSession, frame: Extract<ExchangeFrame, { type: 'segment' | 'manifest' }>): void {
    if (frame.type === 'segment') {
      this.#hear(frame);
      return;
    }
    const key = hexOf(frame.manifest.subarray(MANIFEST_KEY_AT, MANIFEST_KEY_AT + 16));
    const task = this.#deps.tasks.get(key);
    if (task) this.#deps.performer.manifestCame(task, frame.manifest, session);
  }

  chunkArrived(session: PeerSession, key: string, chunk: number, bytes: Uint8Array): void {
    const task = this.#deps.tasks.get(key);
    if (task) this.#deps.performer.arrived(task, session, chunk, bytes);
    else this.#deps.observer.discarded(bytes.length);
  }

  chunkFailed(key: string, chunk: number): void {
    const task = this.#deps.tasks.get(key);
    if (task) this.#deps.performer.notComing(task, chunk);
  }

  /** A chunk is verified and here: news for the neighbours, and perhaps the last that was missing. */
  admitted(task: SegmentTask, chunk: number): void {
    this.#misses = 0;
    this.#deps.swarm.announce(task.key, chunk);
    this.#deps.performer.cancelAtPeers(task, chunk);
    if (task.isWhole) this.#finish(task);
  }

  cameWhole(task: SegmentTask, bytes: Uint8Array): void {
    for (const waiter of task.waiters.splice(0)) waiter.resolve(this.#delivered(task, bytes.slice().buffer));
  }

  failed(task: SegmentTask, because: 'no-manifest' | 'object-changed' | 'edge'): void {
    // It may not be there yet, or never: it says nothing of those that playlists name.
    if (task.isHearsay) return;
    if (because === 'no-manifest') {
      this.#deps.observer.warned('no-manifest', `no trusted manifest for ${task.place?.url}`);
      this.#misses += 1;
      if (this.#misses >= MISSES_TO_DECLINE) this.#declinesUntil = this.#deps.clock.now() + DECLINE_FOR_MS;
      // The body that is on its way still serves whoever waits.
      if (task.isComingWhole) return;
    } else if (because === 'object-changed') {
      this.#deps.observer.warned('object-changed', `${task.place?.url} is not what its manifest says`);
    }
    for (const waiter of task.waiters.splice(0)) waiter.reject();
  }

  /** Something that plans depend on has changed. */
  changed(): void {
    this.#planWithin(PLAN_AFTER_MS);
  }

  /** What is wanted, or by when, has changed. */
  timelineChanged(): void {
    this.#followedAt = Number.NEGATIVE_INFINITY;
    this.changed();
  }

  /** Plans that are due, whatever the page's timers do. */
  poke(): void {
    if (this.#deps.clock.now() < this.#planDueAt) return;
    this.#planNow();
    for (const session of this.#deps.swarm.open) session.poke();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPlan?.();
    for (const task of this.#deps.tasks.all()) {
      this.#deps.performer.abandon(task);
      for (const waiter of task.waiters.splice(0)) waiter.reject();
    }
  }

  #planWithin(ms: number): void {
    const dueAt = this.#deps.clock.now() + ms;
    if (this.#isClosed || dueAt >= this.#planDueAt) return;
    this.#cancelPlan?.();
    this.#planDueAt = dueAt;
    this.#cancelPlan = this.#deps.clock.after(ms, () => this.#planNow());
  }

  #planNow(): void {
    this.#cancelPlan?.();
    this.#planDueAt = Number.POSITIVE_INFINITY;
    const { clock, tasks, performer, edge, random, swarm, timeline, viewerId } = this.#deps;
    const now = clock.now();
    this.#followTimeline(now);
    const segments = tasks.byDeadline();
    const peers = swarm.open.filter((session) => session.uploads);
    const position = timeline.positionAt(now);
    for (const task of segments) {
      const others = task.isLive ? peers : peers.filter((session) => covers(session, task, -1));
      task.duty = this.#dutyFor(task, others, now);
      task.sooner = 0;
      for (const session of others) if (covers(session, task, position)) task.sooner |= session.holdings.bit;
    }
    if (this.#isAlone(now)) this.#fetchAlone(segments);
    const me = viewerNumber(viewerId());
    const view = { now, segments, peers, holders: swarm.holders, edge: edge.meter, me, earlyShare: this.earlyShare };
    const plan = planRequests(view, this.#plan, random);
    for (const action of plan.actions) performer.perform(action, action.segment as SegmentTask);
    swarm.tick(now);
    if (now - this.#toldWindowsAt >= WINDOWS_EVERY_MS) {
      this.#toldWindowsAt = now;
      this.#tellWindows(swarm.open);
      this.#forgetPast(now);
    }
    this.#planWithin(Math.min(PLAN_EVERY_MS, Math.max(1, plan.repairDueAt - now)));
  }

  #followTimeline(now: number): void {
    if (now - this.#followedAt < PLAN_EVERY_MS) return;
    this.#followedAt = now;
    const { added, dropped } = this.#deps.tasks.refresh(now);
    for (const task of dropped) this.#deps.performer.abandon(task);
    const news = added.filter((task) => task.isLive);
    for (const session of this.#deps.swarm.open) for (const task of news) this.#tell(session, task);
  }

  #fetchAlone(segments: readonly SegmentTask[]): void {
    for (const task of segments) {
      const isUnderWay = task.cancels.size > 0 || task.heldChunks > 0;
      if (task.waiters.length > 0 && task.mayAskEdge && !isUnderWay) this.#deps.performer.fetchWhole(task, 'alone');
    }
  }

  #noteNamed({ segments, targetDuration }: Rendition): void {
    const until = this.#deps.clock.now() + KEPT_TARGET_DURATIONS * targetDuration * 1000;
    for (const { url, range } of segments) {
      const key = this.#deps.keys.known(url, range);
      if (key !== undefined) this.#keptUntil.set(key, until);
    }
  }

  /** A live segment that has left the playlist is wanted by nobody: both ends of a connection forget it by themselves. */
  #forgetPast(now: number): void {
    const { cache, tasks, swarm } = this.#deps;
    for (const [key, until] of this.#keptUntil) {
      if (now < until || tasks.get(key)) continue;
      this.#keptUntil.delete(key);
      cache.forget(key);
      for (const session of swarm.open) session.forget(key);
    }
  }

  /** Nobody there to share with, and nobody expected. */
  #isAlone(now: number): boolean {
    return this.#deps.swarm.open.length === 0 && !this.#deps.swarm.isExpectingPeers(now);
  }

  /** @param others neighbours that want it too */
  #dutyFor(task: SegmentTask, others: readonly PeerSession[], now: number): DutyRule {
    const { swarm, mayUpload, viewerId } = this.#deps;
    // Alone, nothing is fetched for others; and who has just met somebody first hears what is there already.
    if (swarm.open.length === 0 || (!task.isLive && now - swarm.metAt < HEARING_MS)) return { by: 'nobody' };
    if (others.length > 0 && !mayUpload()) return { by: 'arc', arc: null };
    if (task.isLive && this.#arc !== undefined && others.length > 0) return { by: 'arc', arc: this.#arc };
    return { by: 'election', me: viewerNumber(viewerId()), others: others.map(({ id }) => viewerNumber(id)) };
  }

  /** Nothing as well while segments like it have no manifests. */
  #find({ url, range }: Pick<SegmentRequest, 'url' | 'range'>): FoundSegment | undefined {
    if (this.#deps.clock.now() < this.#declinesUntil) return undefined;
    for (const rendition of this.#deps.timeline.renditions()) {
      const segment = rendition.segments.find((one) => one.url === url && sameRange(one.range, range));
      if (segment) return { rendition, segment };
    }
    return undefined;
  }

  #wait(key: string, found: FoundSegment, waiter: Waiter): () => void {
    const { cache, tasks, clock } = this.#deps;
    const task = tasks.forRequest(key, found.rendition, found.segment, clock.now());
    if (cache.get(key)?.isWhole) waiter.resolve(this.#delivered(task, cache.assemble(key) as ArrayBuffer));
    else if (task.edgeFailed) waiter.reject();
    else {
      task.waiters.push(waiter);
      this.timelineChanged();
      this.#planNow();
    }
    return () => {
      const at = task.waiters.indexOf(waiter);
      if (at >= 0) task.waiters.splice(at, 1);
      waiter.reject();
    };
  }

  #finish(task: SegmentTask): void {
    for (const waiter of task.waiters.splice(0)) {
      const data = this.#deps.cache.assemble(task.key);
      if (data) waiter.resolve(this.#delivered(task, data));
      else waiter.reject();
    }
    this.#deps.tasks.delete(task.key);
    this.earlyShare = nextEarlyShare(this.earlyShare, task.repairedChunks / task.chunks);
    this.changed();
  }

  #delivered(task: SegmentTask, data: ArrayBuffer): DeliveredSegment {
    const { clock, edge } = this.#deps;
    const transferMs = task.transfers.totalMs(clock.now());
    return {
      data,
      from: task.peerBytes >= task.edgeBytes && task.peerBytes > 0 ? 'peers' : 'edge',
      bitsPerSecond: honestBitsPerSecond(data.byteLength, transferMs, edge.meter.bytesPerMs),
      firstByteMs: edge.meter.rttMs,
    };
  }

  #hear(hearsay: Hearsay): void {
    const { keys, tasks, clock, swarm } = this.#deps;
    if (tasks.get(hearsay.key)) return;
    keys.hashIdentity(hearsay.path, hearsay.range, (hash) => {
      // [P5] A key that is not that of its path would let a neighbour send us anywhere.
      if (hexOf(hash) !== hearsay.key) return;
      const task = tasks.hear(hearsay, clock.now());
      if (!task) return;
      for (const session of swarm.open) this.#tell(session, task);
      this.changed();
    });
  }

  #tell(session: PeerSession, task: SegmentTask): void {
    const path = task.place && pathOfUrl(task.place.url);
    if (path === undefined || session.holdings.knows(task.key) || session.told.has(task.key)) return;
    session.told.add(task.key);
    const durationMs = Math.round(task.durationSeconds * 1000);
    const { key, rendition, sequence } = task;
    session.say({ type: 'segment', key, rendition, sequence, durationMs, path, range: task.place?.range });
  }

  #tellWindows(sessions: readonly PeerSession[]): void {
    const { timeline, keys, clock, aheadSeconds } = this.#deps;
    const position = timeline.positionAt(clock.now());
    for (const rendition of timeline.active()) {
      const number = keys.renditionNumber(rendition.url);
      if (rendition.live || number === undefined) continue;
      const to = (timeline.loadingFrom(rendition) ?? position) + aheadSeconds;
      const from = Math.min(position, to);
      for (const session of sessions) session.say({ type: 'window', rendition: number, from, to });
    }
  }
}

/** The manifest's segment key comes after magic and key id. */
const MANIFEST_KEY_AT = 12;

/** Whether a neighbour whose playhead is beyond this position of a recording wants this of it. */
function covers({ windows }: PeerSession, { isLive, rendition, start }: SegmentTask, position: number): boolean {
  const window = windows.get(rendition);
  return !isLive && window !== undefined && window.from > position && window.from <= start && start <= window.to;
}

function sameRange(a: ByteRange | undefined, b: ByteRange | undefined): boolean {
  return a?.start === b?.start && a?.end === b?.end;
}
