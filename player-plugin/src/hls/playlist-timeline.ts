import type Hls from 'hls.js';
import type { AudioTrackLoadedData, Events, LevelDetails, LevelUpdatedData } from 'hls.js';
import type { Rendition, TimelineSegment } from '../segment-engine.ts';

type RenditionKind = Rendition['kind'];

/**
 * Translates hls.js' playlists for the engine: those that are loaded already, and each that comes later.
 * @returns a function that stops listening
 */
export function watchPlaylists(hls: Hls, renditionChanged: (rendition: Rendition) => void): () => void {
  const tell = (details: LevelDetails | undefined, kind: RenditionKind) => {
    if (details && details.fragments.length > 0) renditionChanged(toRendition(details, kind));
  };
  const levelUpdated = (_event: Events.LEVEL_UPDATED, { details }: LevelUpdatedData) => tell(details, 'main');
  const trackLoaded = (_event: Events.AUDIO_TRACK_LOADED, { details }: AudioTrackLoadedData) => tell(details, 'audio');
  for (const level of hls.levels) tell(level.details, 'main');
  for (const track of hls.audioTracks) tell(track.details, 'audio');
  hls.on('hlsLevelUpdated' as Events.LEVEL_UPDATED, levelUpdated);
  hls.on('hlsAudioTrackLoaded' as Events.AUDIO_TRACK_LOADED, trackLoaded);
  return () => {
    hls.off('hlsLevelUpdated' as Events.LEVEL_UPDATED, levelUpdated);
    hls.off('hlsAudioTrackLoaded' as Events.AUDIO_TRACK_LOADED, trackLoaded);
  };
}

function toRendition(details: LevelDetails, kind: RenditionKind): Rendition {
  return {
    url: details.url,
    kind,
    live: details.live,
    targetDuration: details.targetduration,
    segments: segmentsOf(details),
  };
}

/** Where a low-latency playlist has parts these are what hls.js loads, and what viewers share. */
function segmentsOf({ fragments, partList }: LevelDetails): TimelineSegment[] {
  const [first] = partList ?? [];
  if (!(partList && first)) return fragments.map(toSegment);
  const whole = fragments.filter(({ end }) => end <= first.start + MEASUREMENT_SECONDS);
  return [...whole.map(toSegment), ...partList.map(toPartSegment)];
}

/** Starts and ends wander by milliseconds when timestamps are refined. */
const MEASUREMENT_SECONDS = 0.05;
/** Parts count within their segment; no segment has so many. */
const PARTS_PER_SEGMENT = 1_000;

function toPartSegment(part: NonNullable<LevelDetails['partList']>[number]): TimelineSegment {
  const { byteRangeStartOffset: start, byteRangeEndOffset: end } = part;
  const sequence = typeof part.fragment.sn === 'number' ? part.fragment.sn * PARTS_PER_SEGMENT + part.index : -1;
  return {
    url: part.url,
    ...(start !== undefined && end !== undefined && end > start ? { range: { start, end } } : {}),
    sequence,
    start: part.start,
    end: part.end,
  };
}

function toSegment(fragment: LevelDetails['fragments'][number]): TimelineSegment {
  const { byteRangeStartOffset: start, byteRangeEndOffset: end } = fragment;
  return {
    url: fragment.url,
    ...(start !== undefined && end !== undefined && end > start ? { range: { start, end } } : {}),
    sequence: typeof fragment.sn === 'number' ? fragment.sn : -1,
    start: fragment.start,
    end: fragment.end,
  };
}
