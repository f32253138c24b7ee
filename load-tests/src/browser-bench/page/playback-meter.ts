import Hls from 'hls.js';
import type { ViewerSample } from '../viewer-sample.ts';

type Playback = Pick<
  ViewerSample,
  'playedSeconds' | 'deliveredBytes' | 'stalls' | 'stalledMs' | 'startupMs' | 'latencySeconds' | 'hasAll' | 'failure'
>;

/** What the viewer feels, taken from the video element and hls.js alone: the same for every engine. */
export class PlaybackMeter {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #startedAt = performance.now();
  #deliveredBytes = 0;
  #startupMs: number | null = null;
  #stalls = 0;
  #stalledMs = 0;
  #stalledAt: number | undefined;
  #failure: string | null = null;

  constructor(hls: Hls, video: HTMLVideoElement, note: (event: string, details?: object) => void) {
    this.#hls = hls;
    this.#video = video;
    hls.on(Hls.Events.FRAG_LOADING, (_event, { frag }) => note('loading', { segment: frag.sn }));
    hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload }) => {
      this.#deliveredBytes += payload.byteLength;
      note('loaded', {
        segment: frag.sn,
        bytes: payload.byteLength,
        ms: frag.stats.loading.end - frag.stats.loading.start,
      });
    });
    hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
      note('error', { details, fatal });
      if (fatal) this.#failure = details;
    });
    video.addEventListener('loadeddata', () => {
      this.#startupMs ??= performance.now() - this.#startedAt;
      note('first-frame', { startupMs: this.#startupMs });
    });
    video.addEventListener('waiting', () => {
      // Before the first frame it is startup, and a seek or the end is no lack of data.
      if (this.#startupMs === null || video.seeking || video.ended || this.#stalledAt !== undefined) return;
      this.#stalledAt = performance.now();
      this.#stalls += 1;
      note('stalled', { position: video.currentTime });
    });
    video.addEventListener('playing', () => {
      if (this.#stalledAt === undefined) return;
      const stalledMs = performance.now() - this.#stalledAt;
      this.#stalledMs += stalledMs;
      this.#stalledAt = undefined;
      note('resumed', { stalledMs });
    });
  }

  read(): Playback {
    const { played, duration, buffered } = this.#video;
    const isLive = this.#hls.latestLevelDetails?.live === true;
    const bufferedTo = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    const now = this.#stalledAt === undefined ? 0 : performance.now() - this.#stalledAt;
    return {
      playedSeconds: lengthOf(played),
      deliveredBytes: this.#deliveredBytes,
      startupMs: this.#startupMs,
      stalls: this.#stalls,
      stalledMs: this.#stalledMs + now,
      latencySeconds: isLive ? this.#hls.latency : null,
      hasAll: !isLive && bufferedTo > duration - 0.5,
      failure: this.#failure,
    };
  }
}

function lengthOf(ranges: TimeRanges): number {
  let seconds = 0;
  for (let index = 0; index < ranges.length; index++) seconds += ranges.end(index) - ranges.start(index);
  return seconds;
}
