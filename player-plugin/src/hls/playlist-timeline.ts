import type Hls from 'hls.js';
import type { Fragment, LevelDetails, Part } from 'hls.js';
import type { Rendition, TimelineSegment } from '../segment-engine.ts';
import { listen } from './listen.ts';

type RenditionKind = Rendition['kind'];

/**
 * Translates hls.js' playlists for the engine: those that are loaded already, and each that comes later.
 * @returns a function that stops listening
 */
export function watchPlaylists(hls: Hls, renditionChanged: (rendition: Rendition) => void): () => void {
  const tell = (details: LevelDetails | undefined, kind: RenditionKind) => {
    if (details && details.fragments.length > 0) renditionChanged(toRendition(details, kind));
  };
  for (const level of hls.levels) tell(level.details, 'main');
  for (const track of hls.audioTracks) tell(track.details, 'audio');
  return listen(hls, {
    hlsLevelUpdated: (_event, { details }) => tell(details, 'main'),
    hlsAudioTrackLoaded: (_event, { details }) => tell(details, 'audio'),
  });
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

function toPartSegment(part: Part): TimelineSegment {
  return timed(part, numberOf(part.fragment) * PARTS_PER_SEGMENT + part.index);
}

function toSegment(fragment: Fragment): TimelineSegment {
  return timed(fragment, numberOf(fragment));
}

function numberOf({ sn }: Fragment): number {
  return typeof sn === 'number' ? sn : -1;
}

function timed(piece: Fragment | Part, sequence: number): TimelineSegment {
  const { url, start, end, byteRangeStartOffset: first = 0, byteRangeEndOffset: after = 0 } = piece;
  return { url, ...(after > first ? { range: { start: first, end: after } } : {}), sequence, start, end };
}
