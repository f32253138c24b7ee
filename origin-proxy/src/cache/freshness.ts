import { type Directives, parseCacheControl, secondsOf } from './cache-control.ts';
import { parseHttpDate } from './http-date.ts';
import { isKeyPath, isMedia, type ObjectKind } from './object-kind.ts';

/** How long a stored response may be used, and how: plain data, for the disk tier keeps it. */
export interface Freshness {
  /** When its age was 0, ms since 1970. */
  readonly bornAt: number;
  readonly freshSeconds: number;
  /** After that: may be served while the origin is asked (RFC 5861 §3). */
  readonly staleWhileRevalidateSeconds: number;
  /** After that: may be served when the origin cannot answer (RFC 5861 §4). */
  readonly staleIfErrorSeconds: number;
}

/** What is judged: a response of the origin, and when it was asked for and came, ms since 1970. */
export interface Received {
  readonly path: string;
  readonly kind: ObjectKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** Whether the request carried credentials (RFC 9111 §3.5). */
  readonly authorized: boolean;
}

/** What the playlist says about its own lifetime. */
export interface PlaylistLifetime {
  /** A media playlist without EXT-X-ENDLIST: it changes with the next segment. */
  readonly isLive: boolean;
  readonly freshSeconds: number;
}

const DAY_SECONDS = 86_400;
/** A segment never changes under its name: RFC 8216bis asks for that, and RFC 9111 §4.2.2 leaves the number to caches. */
const SEGMENT_FRESH_SECONDS = 365 * DAY_SECONDS;
/** A missing segment at the live edge appears within a part's duration. */
const NEGATIVE_FRESH_SECONDS = 1;
/** All viewers of a stream that begins want its key at once; a key that was taken back is gone within a minute. */
const KEY_FRESH_SECONDS = 60;
/** RFC 9111 §4.2.2 suggests a tenth of the time since the last change. */
const HEURISTIC_FRACTION = 0.1;
/** How long a live playlist bridges an origin that is away: longer, and players wait for segments that never come. */
const LIVE_STALE_IF_ERROR_SECONDS = 60;
/** A multivariant or ended playlist that has aged out is right nearly always: nobody waits for the proof. */
const SETTLED_STALE_WHILE_REVALIDATE_SECONDS = 60;

/** RFC 9110 §15.1: may be reused without explicit freshness. 206 is never stored as such here. */
const HEURISTIC_STATUSES = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
const NEGATIVE_STATUSES = new Set([404, 410]);

/** `CDN-Cache-Control` is meant for caches like this one and replaces `Cache-Control` (RFC 9213 §2.1). */
function directivesOf(headers: Received['headers']): { directives: Directives; isTargeted: boolean } {
  const targeted = headers['cdn-cache-control'];
  return { directives: parseCacheControl(targeted ?? headers['cache-control']), isTargeted: targeted !== undefined };
}

/**
 * Whether clients that wait for it together may all be given it: RFC 9111 §4 allows that for what may be stored. An
 * error says little about who asked, so that its status does not count here; a thousand viewers must not each cause one.
 */
export function isShareable({ headers, authorized }: Received): boolean {
  const { directives } = directivesOf(headers);
  if (directives.has('no-store') || directives.has('private') || headers.vary?.includes('*')) return false;
  if (authorized && !['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name))) return false;
  // Legal to share, but who sets a cookie and says nothing about caching most likely answers one viewer.
  return headers['set-cookie'] === undefined || saysHowLong(headers, directives);
}

/** RFC 9111 §3. */
export function isStorable(received: Received): boolean {
  const { directives } = directivesOf(received.headers);
  const { status, headers } = received;
  if (status < 200 || status === 206 || status === 304 || !isShareable(received)) return false;
  return saysHowLong(headers, directives) || HEURISTIC_STATUSES.has(status);
}

function saysHowLong(headers: Received['headers'], directives: Directives): boolean {
  return headers.expires !== undefined || ['public', 'max-age', 's-maxage'].some((name) => directives.has(name));
}

/** @param playlist what a playlist says of itself, once it has been read */
export function freshnessOf(received: Received, playlist?: PlaylistLifetime): Freshness {
  const { directives, isTargeted } = directivesOf(received.headers);
  const bornAt = received.receivedAt - initialAgeSeconds(received) * 1000;
  const lifetime = playlist?.isLive
    ? liveLifetime(received, directives, isTargeted, playlist.freshSeconds)
    : settledLifetime(received, directives, playlist);
  return { bornAt, ...lifetime };
}

type Lifetime = Omit<Freshness, 'bornAt'>;

function settledLifetime(received: Received, directives: Directives, playlist?: PlaylistLifetime): Lifetime {
  const explicit = explicitSeconds(received, directives);
  const mustAsk = ['no-cache', 'must-revalidate', 'proxy-revalidate'].some((name) => directives.has(name));
  const whileRevalidate = playlist && explicit === undefined ? SETTLED_STALE_WHILE_REVALIDATE_SECONDS : 0;
  // `s-maxage` means proxy-revalidate as well (RFC 9111 §5.2.2.10), unless `stale-if-error` stands beside it.
  const ifError = directives.has('s-maxage') || received.status >= 400 ? 0 : DAY_SECONDS;
  return {
    freshSeconds: directives.has('no-cache') ? 0 : (explicit ?? playlist?.freshSeconds ?? defaultSeconds(received)),
    staleWhileRevalidateSeconds: mustAsk ? 0 : (secondsOf(directives, 'stale-while-revalidate') ?? whileRevalidate),
    staleIfErrorSeconds: mustAsk ? 0 : (secondsOf(directives, 'stale-if-error') ?? ifError),
  };
}

/**
 * RFC 8216bis appendix B.1: half a target duration. What the origin says to shared caches alone is obeyed; `max-age` can
 * only shorten, and `no-cache` is taken as advice to players: packagers send it with every live playlist, and obeying it
 * would pass each viewer's poll on to the origin.
 */
function liveLifetime(received: Received, directives: Directives, isTargeted: boolean, bound: number): Lifetime {
  const ifError = directives.has('must-revalidate') ? 0 : LIVE_STALE_IF_ERROR_SECONDS;
  return {
    freshSeconds: liveSeconds(received, directives, isTargeted, bound),
    staleWhileRevalidateSeconds: secondsOf(directives, 'stale-while-revalidate') ?? 0,
    staleIfErrorSeconds: secondsOf(directives, 'stale-if-error') ?? ifError,
  };
}

function liveSeconds(received: Received, directives: Directives, isTargeted: boolean, bound: number): number {
  if (isTargeted) return directives.has('no-cache') ? 0 : (explicitSeconds(received, directives) ?? bound);
  const shared = secondsOf(directives, 's-maxage');
  if (shared !== undefined) return shared;
  const stated = explicitSeconds(received, directives) ?? 0;
  return stated > 0 ? Math.min(stated, bound) : bound;
}

/** RFC 9111 §4.2.1. */
function explicitSeconds({ headers, receivedAt }: Received, directives: Directives): number | undefined {
  const stated = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  if (stated !== undefined) return stated;
  if (headers.expires === undefined) return undefined;
  const expires = parseHttpDate(headers.expires);
  if (expires === undefined) return 0;
  return Math.max(0, (expires - (parseHttpDate(headers.date) ?? receivedAt)) / 1000);
}

function defaultSeconds({ path, headers, status, receivedAt }: Received): number {
  if (NEGATIVE_STATUSES.has(status)) return NEGATIVE_FRESH_SECONDS;
  if (status === 200 && isKeyPath(path)) return KEY_FRESH_SECONDS;
  if (status === 200 && isMedia(path, headers['content-type'])) return SEGMENT_FRESH_SECONDS;
  const modified = parseHttpDate(headers['last-modified']);
  if (modified === undefined) return 0;
  const since = ((parseHttpDate(headers.date) ?? receivedAt) - modified) / 1000;
  return Math.max(0, Math.min(HEURISTIC_FRACTION * since, DAY_SECONDS));
}

/**
 * RFC 9111 §4.2.3, `corrected_age_value`. `Date` is left out, as the RFC allows: a clock that goes wrong would age every
 * live playlist. The delay of a playlist is left out too: a blocking reload was held back, it is not old.
 */
function initialAgeSeconds({ headers, kind, requestedAt, receivedAt }: Received): number {
  const header = headers.age;
  if (header === undefined) return 0;
  // What is no single number makes the response stale rather than new.
  const stated = /^\d+$/.test(header.trim()) ? Number(header) : Number.MAX_SAFE_INTEGER / 1e6;
  return stated + (kind === 'playlist' ? 0 : (receivedAt - requestedAt) / 1000);
}

/** Seconds; what `Age` says (RFC 9111 §5.1). */
export function ageSeconds({ bornAt }: Freshness, now: number): number {
  return Math.max(0, (now - bornAt) / 1000);
}

/** What may be done with a stored response now. */
export type Use = 'fresh' | 'revalidate-behind' | 'ask-first';

export function useOf(freshness: Freshness, now: number): Use {
  const age = ageSeconds(freshness, now);
  if (age < freshness.freshSeconds) return 'fresh';
  return age < freshness.freshSeconds + freshness.staleWhileRevalidateSeconds ? 'revalidate-behind' : 'ask-first';
}

export function mayBridgeError(freshness: Freshness, now: number): boolean {
  return ageSeconds(freshness, now) < freshness.freshSeconds + freshness.staleIfErrorSeconds;
}
