import type { PlaylistLifetime } from '../cache/freshness.ts';
import type { MediaPlaylist, OtherPlaylist } from './read-playlist.ts';

/** A multivariant playlist, or a media playlist that has ended: it changes seldom, but it may. */
const SETTLED_FRESH_SECONDS = 10;
/** What is no playlist may be one that is being written. */
const UNREADABLE_FRESH_SECONDS = 1;

/**
 * How long a playlist is right. A live one: half a target duration (RFC 8216bis appendix B.1). The answer to a blocking
 * reload: until the next part or segment is due, for then it is no longer what the origin would answer.
 */
export function playlistLifetime(playlist: MediaPlaylist | OtherPlaylist, isBlocking: boolean): PlaylistLifetime {
  if (playlist.is === 'unreadable') return { isLive: true, freshSeconds: UNREADABLE_FRESH_SECONDS };
  if (playlist.is !== 'media' || playlist.hasEnded) return { isLive: false, freshSeconds: SETTLED_FRESH_SECONDS };
  const half = playlist.targetSeconds / 2;
  const untilNext = playlist.partTargetSeconds ?? half;
  return { isLive: true, freshSeconds: isBlocking ? Math.min(half, untilNext) : half };
}
