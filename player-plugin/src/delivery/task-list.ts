import type { ByteRange } from '@nearcast/protocol';
import type { SegmentCache } from '../cache/segment-cache.ts';
import type { Timeline } from '../scheduling/windows.ts';
import type { Rendition, TimelineSegment } from '../segment-engine.ts';
import type { SegmentKeys } from './segment-keys.ts';
import { type SegmentPlace, SegmentTask } from './segment-task.ts';

export interface TaskListConfig {
  /** How far beyond hls.js' own loading a recording is fetched, s. */
  readonly aheadSeconds: number;
  /** The player must have a segment so long before it plays it: demuxing and appending take their time. */
  readonly appendMarginMs: number;
}

export const taskListDefaults: TaskListConfig = { aheadSeconds: 20, appendMarginMs: 250 };

/** A playhead that stands still so near to a segment that hls.js waits for stands still for it, s. */
const STANDS_AT_SECONDS = 0.5;
/** What only a neighbour has told of is given up when the own playlist does not name it by then, ms. */
const HEARSAY_LASTS_MS = 15_000;
/** So many names at once are believed without a manifest: each is a question to the edge, and somebody may invent them. */
const MAX_UNPROVEN = 24;
/** Of hls.js' patience so much is used: for the first byte, and for the last. */
const FIRST_BYTE_SHARE = 0.7;
const WHOLE_SHARE = 0.5;

/** What a neighbour says of a segment that the own playlist does not name yet. */
export interface Hearsay {
  readonly key: string;
  readonly rendition: number;
  readonly sequence: number;
  readonly durationMs: number;
  readonly path: string;
  readonly range?: ByteRange | undefined;
}

/** The segments in the making: which they are, where they are, and by when they must be whole. */
export class TaskList {
  readonly #config: TaskListConfig;
  readonly #timeline: Timeline;
  readonly #keys: SegmentKeys;
  readonly #cache: SegmentCache;
  readonly #keysComing: () => void;
  readonly #tasks = new Map<string, SegmentTask>();
  /** Since the last refresh: hls.js often asks for a segment before that. */
  readonly #added: SegmentTask[] = [];

  /** @param keysComing called when a key that was missing is there: then there may be more to do */
  constructor(
    config: TaskListConfig,
    deps: { timeline: Timeline; keys: SegmentKeys; cache: SegmentCache; keysComing: () => void },
  ) {
    this.#config = config;
    this.#timeline = deps.timeline;
    this.#keys = deps.keys;
    this.#cache = deps.cache;
    this.#keysComing = deps.keysComing;
  }

  get(key: string): SegmentTask | undefined {
    return this.#tasks.get(key);
  }

  all(): Iterable<SegmentTask> {
    return this.#tasks.values();
  }

  /** In the order of their deadlines. */
  byDeadline(): SegmentTask[] {
    return [...this.#tasks.values()].sort((a, b) => a.deadline - b.deadline || a.start - b.start);
  }

  delete(key: string): void {
    this.#tasks.delete(key);
  }

  /** Follows the timeline. @returns what came to it, and what nobody wants any more */
  refresh(now: number): { readonly added: SegmentTask[]; readonly dropped: SegmentTask[] } {
    const kept = new Set<SegmentTask>();
    for (const { rendition, segment } of this.#timeline.wanted(this.#config.aheadSeconds)) {
      const task = this.#ensure(rendition, segment, now);
      if (task) kept.add(task);
    }
    const dropped: SegmentTask[] = [];
    for (const task of this.#tasks.values()) {
      const mayStay =
        kept.has(task) ||
        task.waiters.length > 0 ||
        // It is here and paid for: its manifest makes it fit for others.
        task.wholeBody !== undefined ||
        (task.isHearsay && now - task.learnedAt < HEARSAY_LASTS_MS);
      if (mayStay) this.#setDeadline(task, now);
      else dropped.push(task);
    }
    for (const { key } of dropped) this.#tasks.delete(key);
    return { added: this.#added.splice(0), dropped };
  }

  /** The task for what hls.js asks for: made if there is none, whole or not. */
  forRequest(key: string, rendition: Rendition, segment: TimelineSegment, now: number): SegmentTask {
    const known = this.#named(key, segment);
    if (known) return known;
    const task = this.#make(key, rendition, segment, now);
    this.#setDeadline(task, now);
    return task;
  }

  /** @returns the new task, or nothing when the segment is known, or not one of what is played */
  hear(hearsay: Hearsay, now: number): SegmentTask | undefined {
    if (this.#tasks.has(hearsay.key) || this.#cache.get(hearsay.key)?.isWhole) return undefined;
    const rendition = this.#timeline.active().find(({ url }) => this.#keys.renditionNumber(url) === hearsay.rendition);
    const last = rendition?.segments.at(-1);
    if (!rendition?.live || !last || this.#unproven() >= MAX_UNPROVEN) return undefined;
    // Only the very next ones: further ahead nobody honest can be.
    const ahead = hearsay.sequence - last.sequence;
    if (ahead < 1 || ahead > 3) return undefined;
    const task = new SegmentTask(hearsay.key, {
      learnedAt: now,
      durationSeconds: hearsay.durationMs / 1000,
      rendition: hearsay.rendition,
      sequence: hearsay.sequence,
      place: placeBeside(last, hearsay),
      start: last.end + (ahead - 1) * (hearsay.durationMs / 1000),
      isLive: true,
    });
    task.isHearsay = true;
    this.#tasks.set(hearsay.key, task);
    this.#setDeadline(task, now);
    return task;
  }

  #unproven(): number {
    let count = 0;
    for (const task of this.#tasks.values()) if (task.isHearsay && task.manifest !== 'here') count += 1;
    return count;
  }

  #ensure(rendition: Rendition, segment: TimelineSegment, now: number): SegmentTask | undefined {
    const key = this.#keys.known(segment.url, segment.range);
    if (key === undefined) {
      this.#keys.keyOf(segment.url, segment.range, this.#keysComing);
      return undefined;
    }
    const known = this.#named(key, segment);
    if (known) return known;
    if (this.#cache.get(key)?.isWhole) return undefined;
    return this.#make(key, rendition, segment, now);
  }

  /** The task that there is already, now that the own playlist names its segment. */
  #named(key: string, { url, range, start }: TimelineSegment): SegmentTask | undefined {
    const known = this.#tasks.get(key);
    known?.named({ url, range }, start);
    return known;
  }

  #make(
    key: string,
    rendition: Rendition,
    { url, range, start, end, sequence }: TimelineSegment,
    now: number,
  ): SegmentTask {
    const task = new SegmentTask(key, {
      learnedAt: now,
      durationSeconds: end - start,
      rendition: this.#keys.renditionNumber(rendition.url) ?? 0,
      sequence,
      place: { url, range },
      start,
      isLive: rendition.live,
    });
    this.#tasks.set(key, task);
    this.#added.push(task);
    const cached = this.#cache.get(key);
    if (!cached) return task;
    task.setManifest(cached.manifest);
    cached.chunks.forEach((bytes, chunk) => {
      if (bytes) task.hold(chunk);
    });
    return task;
  }

  #setDeadline(task: SegmentTask, now: number): void {
    let deadline = this.#timeline.playsAt(task.start, now) - this.#config.appendMarginMs;
    if (task.waiters.length > 0 && this.#timeline.standsAt(task.start, STANDS_AT_SECONDS)) deadline = now;
    for (const { since, firstByteWithinMs, wholeWithinMs } of task.waiters) {
      const patienceMs = task.heldChunks > 0 ? wholeWithinMs * WHOLE_SHARE : firstByteWithinMs * FIRST_BYTE_SHARE;
      deadline = Math.min(deadline, since + patienceMs);
    }
    task.deadline = deadline;
    if (task.slackMs === Number.POSITIVE_INFINITY && Number.isFinite(deadline)) {
      task.slackMs = Math.max(0, deadline - task.learnedAt);
    }
  }
}

/** A neighbour's word is followed only to the folder where the own playlist's segments are, and without secrets in the URL. */
function placeBeside(known: TimelineSegment, { path, range }: Hearsay): SegmentPlace | undefined {
  const url = new URL(known.url);
  const folder = url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
  if (url.search !== '' || !path.startsWith(folder) || path.slice(folder.length).includes('/')) return undefined;
  return { url: url.origin + path, range };
}
