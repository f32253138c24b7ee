/** What sort of object something is: how long it may be kept by default, and how it is counted. */
export type ObjectKind = 'playlist' | 'segment' | 'manifest' | 'torrent';

const PLAYLIST_PATH = /\.m3u8?$/i;
const PLAYLIST_TYPE = /mpegurl/i;
const MEDIA_PATH =
  /\.(?:ts|tsv|tsa|m2ts|mp4|m4[asviprf]|cmf[vatm]|mp3|aac|ac3|ec3|webm|mkv|mov|vtt|webvtt|ttml|dfxp|stpp|jpe?g|png|webp|avif)$/i;
const MEDIA_TYPE = /^\s*(?:video|audio|image)\/|^\s*(?:application\/(?:octet-stream|mp4|ttml\+xml)|text\/vtt)\b/i;

export function kindOf(path: string, contentType: string | undefined): ObjectKind {
  return PLAYLIST_PATH.test(path) || PLAYLIST_TYPE.test(contentType ?? '') ? 'playlist' : 'segment';
}

/** The key of encrypted segments (RFC 8216 §4.3.2.4): it may be revoked or replaced, and peers have no business with it. */
export function isKeyPath(path: string): boolean {
  return /\.key$/i.test(path);
}

/** Files that packagers write once under a name and never again. An HTML page beside them is none. */
export function isMedia(path: string, contentType: string | undefined): boolean {
  if (isKeyPath(path)) return false;
  return MEDIA_PATH.test(path) || MEDIA_TYPE.test(contentType ?? '');
}

/** Known from the name alone, before anything is fetched. */
export function isMediaPath(path: string): boolean {
  return MEDIA_PATH.test(path);
}
