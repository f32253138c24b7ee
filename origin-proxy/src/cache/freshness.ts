/** How long an object may be served without asking the origin: HLS rules where the origin says nothing. */

export type ObjectKind = 'playlist' | 'segment' | 'manifest';

const SEGMENT_FRESH_SECONDS = 31_536_000;
/** A multivariant playlist, or a media playlist that has ended: it changes seldom, but it may. */
const SETTLED_PLAYLIST_FRESH_SECONDS = 10;

export function kindOf(path: string, contentType: string | undefined): ObjectKind {
  if (path.endsWith('.nearcast')) return 'manifest';
  return /mpegurl/i.test(contentType ?? '') || /\.m3u8?$/i.test(path) ? 'playlist' : 'segment';
}

/** Seconds; 0 means that the object must not be kept. */
export function freshSeconds(kind: ObjectKind, cacheControl: string | undefined, playlistText: () => string): number {
  const directives = (cacheControl ?? '').toLowerCase();
  if (/\b(no-store|private)\b/.test(directives)) return 0;
  if (kind === 'playlist') return playlistFreshSeconds(playlistText());
  const stated = /\b(?:s-maxage|max-age)=(\d+)/.exec(directives);
  return stated ? Number(stated[1]) : SEGMENT_FRESH_SECONDS;
}

/** RFC 8216bis appendix B.1: a live playlist may be cached for half a target duration. */
export function playlistFreshSeconds(text: string): number {
  const target = /^#EXT-X-TARGETDURATION:(\d+)/m.exec(text);
  if (!target || /^#EXT-X-ENDLIST/m.test(text)) return SETTLED_PLAYLIST_FRESH_SECONDS;
  return Number(target[1]) / 2;
}
