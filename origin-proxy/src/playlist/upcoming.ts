import type { MediaPlaylist, MediaReference } from './read-playlist.ts';

/** A player begins three target durations before the end (RFC 8216bis §6.3.3). */
const SEGMENTS_AT_FIRST_SIGHT = 3;
/** More than this at once is no news, but a playlist that was not seen for long. */
const MOST_AT_ONCE = 16;

export interface Upcoming {
  /** Segments, parts and initialisation sections that are there now. */
  readonly there: readonly MediaReference[];
  /** What the origin will have next. */
  readonly hinted: readonly MediaReference[];
}

/** What viewers will ask for because of a live playlist, and did not because of the one before. */
export function upcoming(before: MediaPlaylist | undefined, now: MediaPlaylist): Upcoming {
  if (now.hasEnded) return { there: [], hinted: [] };
  const known = new Set((before ? [...before.maps, ...before.segments, ...before.parts] : []).map(nameOf));
  const isNew = (reference: MediaReference) => !known.has(nameOf(reference));
  const segments = now.segments.slice(-(before ? MOST_AT_ONCE : SEGMENTS_AT_FIRST_SIGHT));
  // Parts of segments that are complete by now are for those who are behind; they get the segments.
  const parts = now.parts.slice(-Math.max(1, before ? MOST_AT_ONCE : now.lastPart + 1));
  const hinted = now.hints.filter((hint) => !before?.hints.some((other) => nameOf(other) === nameOf(hint)));
  return { there: [...now.maps.slice(-1), ...segments, ...parts].filter(isNew).slice(-MOST_AT_ONCE), hinted };
}

function nameOf({ uri, range }: MediaReference): string {
  return range ? `${uri}\n${range.start}-${range.end}` : uri;
}
