import type { Head, Headers } from '../cache/cached-object.ts';
import { isMedia } from '../cache/object-kind.ts';

/**
 * Headers of the origin that are not passed on: those that the edge sets itself, and those that speak of the origin's
 * own connection or of one viewer.
 */
const OWN = new Set([
  'accept-ranges',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'age',
  'alt-svc',
  'cache-status',
  'content-length',
  'content-range',
  'cross-origin-resource-policy',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'timing-allow-origin',
  'via',
  'x-cache',
]);

/** What says to browsers and caches behind this one that a segment never changes (RFC 8246). */
const SEGMENT_CACHE_CONTROL = 'public, max-age=31536000, immutable';

const prepared = new WeakMap<Head, Headers>();

/** The headers of an object that are the same for all who get it. */
export function objectHeaders(head: Head, path: string): Headers {
  const known = prepared.get(head);
  if (known) return known;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(head.headers)) if (!OWN.has(name)) headers[name] = value;
  if (head.kind === 'playlist' && head.status === 200 && !/mpegurl/i.test(headers['content-type'] ?? '')) {
    headers['content-type'] = 'application/vnd.apple.mpegurl';
  }
  // Browsers put a weak tag into If-Range when they know a part of the object already, and must then be sent all of it
  // (RFC 9110 §13.1.5; Chromium 156). Viewers fetch segments in parts; without the tag they get the parts.
  if (head.kind === 'segment' && headers.etag?.startsWith('W/') && isMedia(path, headers['content-type'])) {
    delete headers.etag;
  }
  headers['cache-control'] ??= cacheControlFor(head, path);
  if (headers['cache-control'] === '') delete headers['cache-control'];
  prepared.set(head, headers);
  return headers;
}

/** Where the origin said nothing: what the edge itself goes by. */
function cacheControlFor(head: Head, path: string): string {
  if (head.headers.expires !== undefined) return '';
  if (head.status === 200 && head.kind === 'segment' && isMedia(path, head.headers['content-type'])) {
    return SEGMENT_CACHE_CONTROL;
  }
  return head.kind === 'playlist' ? `max-age=${Math.floor(head.freshness.freshSeconds)}` : '';
}
