import { type ByteRange, type ChunkRun, chunkCount, chunkRange, type Manifest } from '@nearcast/protocol';
import { type DutyRule, seedOf } from '../scheduling/fetch-duty.ts';
import { type ASKED_EDGE, type ASKED_PEER, HELD, type SegmentView } from '../scheduling/plan-view.ts';
import type { DeliveredSegment } from '../segment-engine.ts';
import { TransferTime } from './transfer-time.ts';

/** Whoever waits for a segment: hls.js. */
export interface Waiter {
  readonly since: number;
  /** hls.js' load policy: until the first byte, and until the last, ms. */
  readonly firstByteWithinMs: number;
  readonly wholeWithinMs: number;
  resolve(segment: DeliveredSegment): void;
  /** It must ask in another way; why is nothing to it. */
  reject(): void;
}

/** Where a segment is. */
export interface SegmentPlace {
  readonly url: string;
  readonly range?: ByteRange | undefined;
}

/** One segment that is wanted, from when it is heard of until it is whole or nobody wants it any more. */
export class SegmentTask implements SegmentView {
  readonly key: string;
  readonly seed: number;
  readonly learnedAt: number;
  /** Seconds that it plays. */
  readonly durationSeconds: number;
  readonly rendition: number;
  readonly sequence: number;
  /** Unknown for one that only a neighbour has told of, until the own playlist names it. */
  place: SegmentPlace | undefined;
  /** Where it begins on the timeline, seconds; with no playlist yet, a guess. */
  start: number;
  isLive: boolean;
  /** Only a neighbour has named it so far. */
  isHearsay = false;
  state: Uint8Array = new Uint8Array(0);
  heldChunks = 0;
  manifestBody: Manifest | undefined;
  manifest: 'missing' | 'asked' | 'here' = 'missing';
  deadline: number = Number.POSITIVE_INFINITY;
  slackMs: number = Number.POSITIVE_INFINITY;
  duty: DutyRule = { by: 'nobody' };
  sooner = 0;
  isComingWhole = false;
  /** The edge failed for good, or what it gives does not match. */
  edgeFailed = false;
  /** How often the edge's bytes were not what the manifest says. */
  mismatches = 0;
  /** The body as it came in one request, until its manifest is here. */
  wholeBody: Uint8Array | undefined;
  readonly transfers: TransferTime = new TransferTime();
  readonly waiters: Waiter[] = [];
  readonly cancels: Set<() => void> = new Set();
  /** Bytes by where they came from, for whoever is told of the delivery. */
  peerBytes = 0;
  edgeBytes = 0;
  /** Which the edge was asked for in the end. */
  repairedChunks = 0;

  constructor(
    key: string,
    given: {
      learnedAt: number;
      durationSeconds: number;
      rendition: number;
      sequence: number;
      place: SegmentPlace | undefined;
      start: number;
      isLive: boolean;
    },
  ) {
    this.key = key;
    this.seed = seedOf(key);
    this.learnedAt = given.learnedAt;
    this.durationSeconds = given.durationSeconds;
    this.rendition = given.rendition;
    this.sequence = given.sequence;
    this.place = given.place;
    this.start = given.start;
    this.isLive = given.isLive;
  }

  get chunks(): number {
    return this.state.length;
  }

  get chunkBytes(): number {
    return this.manifestBody?.chunkSize ?? 0;
  }

  get lastChunkBytes(): number {
    return this.sizeOf(this.chunks - 1);
  }

  get mayAskEdge(): boolean {
    return this.place !== undefined && !this.edgeFailed;
  }

  get isWhole(): boolean {
    return this.chunks > 0 && this.heldChunks === this.chunks;
  }

  /** The own playlist names it: what was asked for in vain while only a neighbour had named it is there now. */
  named(place: SegmentPlace, start: number): void {
    this.place = place;
    this.start = start;
    if (!this.isHearsay) return;
    this.isHearsay = false;
    this.edgeFailed = false;
    if (this.manifest === 'here') return;
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
    this.manifest = 'missing';
  }

  setManifest(manifest: Manifest): void {
    this.manifestBody = manifest;
    this.manifest = 'here';
    this.state = new Uint8Array(chunkCount(manifest));
  }

  sizeOf(chunk: number): number {
    if (!this.manifestBody) return 0;
    const { start, end } = chunkRange(this.manifestBody, chunk);
    return end - start;
  }

  /** Whether any of these chunks, or the manifest, has not even been asked for. */
  lacks(runs: readonly ChunkRun[]): boolean {
    const isUnasked = ({ first, count }: ChunkRun) => this.state.subarray(first, first + count).includes(0);
    return this.manifest === 'missing' || runs.some(isUnasked);
  }

  is(chunk: number, bit: typeof ASKED_PEER | typeof ASKED_EDGE | typeof HELD): boolean {
    return ((this.state[chunk] ?? 0) & bit) !== 0;
  }

  mark(chunk: number, bit: typeof ASKED_PEER | typeof ASKED_EDGE): void {
    this.state[chunk] = (this.state[chunk] ?? 0) | bit;
  }

  unmark(chunk: number, bit: typeof ASKED_PEER | typeof ASKED_EDGE): void {
    this.state[chunk] = (this.state[chunk] ?? 0) & ~bit;
  }

  hold(chunk: number): void {
    if (this.is(chunk, HELD)) return;
    this.state[chunk] = HELD;
    this.heldChunks += 1;
  }
}
