import type Hls from 'hls.js';
import type { Clock } from '../clock.ts';
import type { Playhead } from '../segment-engine.ts';
import { listen } from './listen.ts';

/** What the viewer feels. */
export interface MediaListener {
  playheadMoved(playhead: Playhead): void;
  /** The first frame is there; after so much time from the request for the playlist, ms, where that was seen. */
  started(startupMs: number | undefined): void;
  /** So much of the media was played, ms. */
  played(ms: number): void;
  /** Playback stopped for want of data. */
  stalled(): void;
  /** It goes on after this time, ms. */
  resumed(stalledMs: number): void;
}

/**
 * Follows the media element of an hls.js instance, also when it is attached, exchanged or rewound.
 * @returns a function that stops following
 */
export function watchMedia(hls: Hls, clock: Clock, listener: MediaListener): () => void {
  let unwatch: (() => void) | undefined;
  const detached = () => {
    unwatch?.();
    unwatch = undefined;
  };
  const watch = (isFirst: boolean) => {
    detached();
    const { media } = hls;
    if (media) unwatch = watchElement(media, clock, listener, isFirst && isPlaying(media));
  };
  const begin = () => watch(false);
  watch(true);
  const stop = listen(hls, { hlsMediaAttached: begin, hlsMediaDetached: detached, hlsManifestLoading: begin });
  return () => {
    detached();
    stop();
  };
}

/** `HTMLMediaElement.HAVE_CURRENT_DATA`, by which there is a picture. */
const HAVE_CURRENT_DATA = 2;

function isPlaying(media: HTMLMediaElement): boolean {
  return media.readyState >= HAVE_CURRENT_DATA && media.currentTime > 0;
}

/** A step that is longer than this was a jump, s. */
const LONGEST_STEP_SECONDS = 2;

/** @param wasPlaying attached to a video that plays already: its start is history */
function watchElement(media: HTMLMediaElement, clock: Clock, listener: MediaListener, wasPlaying: boolean): () => void {
  const attachedAt = clock.now();
  let hasStarted = wasPlaying;
  let stalledAt: number | undefined;
  let lastPosition = media.currentTime;

  const moved = () => {
    const position = media.currentTime;
    const step = position - lastPosition;
    lastPosition = position;
    if (step > 0 && step < LONGEST_STEP_SECONDS && !media.seeking) listener.played((step * 1000) / media.playbackRate);
    const isMoving = !media.paused && stalledAt === undefined && hasStarted;
    listener.playheadMoved({
      position,
      rate: isMoving ? media.playbackRate : 0,
      bufferedAhead: bufferedAhead(media.buffered, position),
    });
  };
  const waiting = () => {
    // `waiting` also fires for a seek, which is the viewer's wish and no stall.
    if (!hasStarted || media.seeking || media.ended || stalledAt !== undefined) return;
    stalledAt = clock.now();
    listener.stalled();
    moved();
  };
  const endStall = () => {
    if (stalledAt !== undefined) listener.resumed(clock.now() - stalledAt);
    stalledAt = undefined;
  };
  const playing = () => {
    endStall();
    moved();
  };
  const loaded = () => {
    if (!hasStarted) listener.started(clock.now() - attachedAt);
    hasStarted = true;
  };
  if (hasStarted) listener.started(undefined);
  const on: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
    timeupdate: moved,
    seeking: moved,
    ratechange: moved,
    waiting,
    playing,
    loadeddata: loaded,
    pause: playing,
    seeked: playing,
  };
  const entries = Object.entries(on);
  for (const [name, run] of entries) media.addEventListener(name, run);
  return () => {
    endStall();
    for (const [name, run] of entries) media.removeEventListener(name, run);
  };
}

/** Seconds of media from the position on; a gap of a frame or two is none. */
function bufferedAhead(buffered: TimeRanges, position: number): number {
  for (let index = 0; index < buffered.length; index++) {
    if (buffered.start(index) <= position + 0.1 && position < buffered.end(index))
      return buffered.end(index) - position;
  }
  return 0;
}
