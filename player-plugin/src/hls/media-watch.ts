import type Hls from 'hls.js';
import type { Events, MediaAttachedData } from 'hls.js';
import type { Clock } from '../clock.ts';
import type { Playhead } from '../segment-engine.ts';

/** What the viewer feels. */
export interface MediaListener {
  playheadMoved(playhead: Playhead): void;
  /** The first frame is there; counted from the request for the playlist. */
  started(startupMs: number): void;
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
  let unwatch = hls.media ? watchElement(hls.media, clock, listener) : undefined;
  const attached = (_event: Events.MEDIA_ATTACHED, { media }: MediaAttachedData) => {
    unwatch?.();
    unwatch = watchElement(media, clock, listener);
  };
  const detached = () => {
    unwatch?.();
    unwatch = undefined;
  };
  const loading = () => {
    detached();
    if (hls.media) unwatch = watchElement(hls.media, clock, listener);
  };
  hls.on('hlsMediaAttached' as Events.MEDIA_ATTACHED, attached);
  hls.on('hlsMediaDetached' as Events.MEDIA_DETACHED, detached);
  hls.on('hlsManifestLoading' as Events.MANIFEST_LOADING, loading);
  return () => {
    detached();
    hls.off('hlsMediaAttached' as Events.MEDIA_ATTACHED, attached);
    hls.off('hlsMediaDetached' as Events.MEDIA_DETACHED, detached);
    hls.off('hlsManifestLoading' as Events.MANIFEST_LOADING, loading);
  };
}

function watchElement(media: HTMLMediaElement, clock: Clock, listener: MediaListener): () => void {
  const attachedAt = clock.now();
  /** Attached to a video that plays already: its start is history. */
  let hasStarted = media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && media.currentTime > 0;
  let stalledAt: number | undefined;

  const moved = () => listener.playheadMoved({ position: media.currentTime, rate: media.playbackRate });
  const waiting = () => {
    // `waiting` also fires for a seek, which is the viewer's wish and no stall.
    if (!hasStarted || media.seeking || media.ended || stalledAt !== undefined) return;
    stalledAt = clock.now();
    listener.stalled();
  };
  const playing = () => {
    if (stalledAt !== undefined) listener.resumed(clock.now() - stalledAt);
    stalledAt = undefined;
  };
  const loaded = () => {
    if (!hasStarted) listener.started(clock.now() - attachedAt);
    hasStarted = true;
  };
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
    playing();
    for (const [name, run] of entries) media.removeEventListener(name, run);
  };
}
