import type { EdgeReason } from '@nearcast/player-plugin/engine';

/** One line of a trace covers so much, ms. */
const STEP_MS = 200;
/** A live segment is played and past by then, ms. */
const LASTS_MS = 8_000;

/** A segment, and what is known of the swarm when it comes. */
export interface TracedSegment {
  readonly key: string;
  readonly bytes: number;
  readonly availableAtMs: number;
  readonly viewers: number;
  /** Of all viewers together. */
  readonly uplinkBytesPerMs: number;
}

/** What a segment's way through the swarm looked like, from `ms - STEP_MS` to `ms` after it was at the edge. */
export interface TraceStep {
  readonly ms: number;
  /** Shares of the viewers: those with any of it, and those with all of it. */
  readonly begun: number;
  readonly whole: number;
  /** Of all bytes that all viewers need. */
  readonly held: number;
  /** Bytes from the edge so far ÷ its size, by reason. */
  readonly edgeCopies: Readonly<Record<EdgeReason, number>>;
  /** Of what all uplinks together could carry in this step, whichever segment it was for. */
  readonly mediaShare: number;
  readonly controlShare: number;
}

/** Follows one segment through the swarm: how fast it spreads, how busy lines are meanwhile, who asks the edge and why. */
export class SegmentTrace {
  readonly #segment: TracedSegment;
  readonly #received = new Map<object, number>();
  readonly #steps: TraceStep[] = [];
  readonly #edgeBytes: Record<EdgeReason, number> = { duty: 0, backup: 0, early: 0, repair: 0, alone: 0 };
  #heldBytes = 0;
  #wholeViewers = 0;
  #mediaBytes = 0;
  #controlBytes = 0;

  constructor(segment: TracedSegment) {
    this.#segment = segment;
  }

  /** Something has left a line. */
  sent(channel: 'control' | 'data', bytes: number, now: number): void {
    if (now < this.#segment.availableAtMs) return;
    this.#goOnTo(now);
    if (channel === 'data') this.#mediaBytes += bytes;
    else this.#controlBytes += bytes;
  }

  /** @param because why the edge was asked; nothing, when another viewer was */
  received(viewer: object, bytes: number, because: EdgeReason | undefined, now: number): void {
    this.#goOnTo(now);
    if (because) this.#edgeBytes[because] += bytes;
    this.#hold(viewer, bytes);
  }

  isOf(key: string): boolean {
    return key === this.#segment.key;
  }

  get steps(): readonly TraceStep[] {
    return this.#steps;
  }

  #hold(viewer: object, bytes: number): void {
    const before = this.#received.get(viewer) ?? 0;
    const size = this.#segment.bytes;
    // What came twice is no gain.
    const after = Math.min(size, before + bytes);
    this.#received.set(viewer, after);
    this.#heldBytes += after - before;
    if (before < size && after === size) this.#wholeViewers += 1;
  }

  #goOnTo(now: number): void {
    const passedMs = Math.min(LASTS_MS, now - this.#segment.availableAtMs);
    while ((this.#steps.length + 1) * STEP_MS <= passedMs) this.#endStep();
  }

  #endStep(): void {
    const { bytes, viewers, uplinkBytesPerMs } = this.#segment;
    const { duty, backup, early, repair, alone } = this.#edgeBytes;
    this.#steps.push({
      ms: (this.#steps.length + 1) * STEP_MS,
      begun: this.#received.size / viewers,
      whole: this.#wholeViewers / viewers,
      held: this.#heldBytes / (bytes * viewers),
      edgeCopies: {
        duty: duty / bytes,
        backup: backup / bytes,
        early: early / bytes,
        repair: repair / bytes,
        alone: alone / bytes,
      },
      mediaShare: this.#mediaBytes / (uplinkBytesPerMs * STEP_MS),
      controlShare: this.#controlBytes / (uplinkBytesPerMs * STEP_MS),
    });
    this.#mediaBytes = 0;
    this.#controlBytes = 0;
  }
}
