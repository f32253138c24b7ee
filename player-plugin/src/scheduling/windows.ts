import type { Playhead, Rendition, TimelineSegment } from '../segment-engine.ts';

/** A segment that should be here. */
export interface Wanted {
  readonly rendition: Rendition;
  readonly segment: TimelineSegment;
}

/** What is played, where the playhead is, and what follows from it for the segments. Pure: `now` is a parameter. */
export class Timeline {
  readonly #renditions = new Map<string, Rendition>();
  /** By kind: which rendition hls.js loads from, and how far it has come, as a position in seconds. */
  readonly #loading = new Map<Rendition['kind'], { readonly url: string; from: number }>();
  #playhead: Playhead = { position: 0, rate: 0, bufferedAhead: 0 };
  #movedAt = 0;

  renditionChanged(rendition: Rendition): void {
    this.#renditions.set(rendition.url, rendition);
  }

  playheadMoved(playhead: Playhead, now: number): void {
    this.#playhead = playhead;
    this.#movedAt = now;
  }

  /** hls.js asks for this segment: from here on, and in this rendition, more will be wanted. */
  requested(rendition: Rendition, segment: TimelineSegment): void {
    this.#loading.set(rendition.kind, { url: rendition.url, from: segment.start });
  }

  renditions(): Iterable<Rendition> {
    return this.#renditions.values();
  }

  /** The renditions that hls.js loads from now: video and audio. */
  active(): Rendition[] {
    return [...this.#loading.values()].flatMap(({ url }) => this.#renditions.get(url) ?? []);
  }

  /** How far hls.js has come in this rendition, s. */
  loadingFrom(rendition: Rendition): number | undefined {
    const loading = this.#loading.get(rendition.kind);
    return loading?.url === rendition.url ? loading.from : undefined;
  }

  /** Where the playhead is, seconds. */
  positionAt(now: number): number {
    return this.#playhead.position + ((now - this.#movedAt) / 1000) * this.#playhead.rate;
  }

  /** Whether the playhead stands still, at most so many seconds before `start`. */
  standsAt(start: number, withinSeconds: number): boolean {
    return this.#playhead.rate === 0 && start - this.#playhead.position <= withinSeconds;
  }

  /** While nothing moves no playhead gets anywhere: `Infinity`. */
  playsAt(start: number, now: number): number {
    const { rate } = this.#playhead;
    return rate > 0 ? now + ((start - this.positionAt(now)) / rate) * 1000 : Number.POSITIVE_INFINITY;
  }

  /**
   * What should be here: of a live stream everything from what hls.js loads now to the live edge; of a recorded one so
   * much beyond it. Nearest first.
   * @param aheadSeconds how far beyond hls.js' own loading a recording is fetched
   */
  wanted(aheadSeconds: number): Wanted[] {
    const wanted: Wanted[] = [];
    for (const { url, from } of this.#loading.values()) {
      const rendition = this.#renditions.get(url);
      if (!rendition) continue;
      const until = rendition.live ? Number.POSITIVE_INFINITY : from + aheadSeconds;
      for (const segment of segmentsFrom(rendition.segments, from)) {
        if (segment.start > until) break;
        wanted.push({ rendition, segment });
      }
    }
    return wanted.sort((a, b) => a.segment.start - b.segment.start);
  }
}

/** The segments from the one that begins at `from` on: found by halving, for recordings have thousands. */
function* segmentsFrom(segments: readonly TimelineSegment[], from: number): Iterable<TimelineSegment> {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // Starts wander by milliseconds when timestamps are refined.
    if ((segments[middle] as TimelineSegment).start < from - 0.05) low = middle + 1;
    else high = middle;
  }
  for (let index = low; index < segments.length; index++) yield segments[index] as TimelineSegment;
}
