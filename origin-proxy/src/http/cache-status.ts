import type { CacheResult } from '../cache/media-cache.ts';

/** What `X-Cache` says: for people who look at a response. */
export const shownResult: Readonly<Record<CacheResult, string>> = {
  hit: 'HIT',
  revalidated: 'REVALIDATED',
  miss: 'MISS',
  collapsed: 'COLLAPSED',
  stale: 'STALE',
  bypass: 'BYPASS',
};

/** As counted: a confirmed object is a hit, for its bytes came from the cache; what may not be cached is a miss. */
export const countedResult: Readonly<Record<CacheResult, 'hit' | 'miss' | 'collapsed' | 'stale'>> = {
  hit: 'hit',
  revalidated: 'hit',
  miss: 'miss',
  collapsed: 'collapsed',
  stale: 'stale',
  bypass: 'miss',
};

/** `Cache-Status` (RFC 9211): how this cache handled the request, after what caches behind it said. */
export function cacheStatus(
  { result, isStored }: { readonly result: CacheResult; readonly isStored: boolean },
  ttlSeconds: number,
  earlier: string | undefined,
): string {
  const ttl = `ttl=${Math.trunc(ttlSeconds)}`;
  const own: Readonly<Record<CacheResult, string>> = {
    hit: `hit; ${ttl}`,
    stale: `hit; ${ttl}`,
    revalidated: `fwd=stale; fwd-status=304; ${ttl}`,
    miss: isStored ? 'fwd=uri-miss; stored' : 'fwd=uri-miss',
    collapsed: 'fwd=uri-miss; collapsed',
    bypass: 'fwd=bypass',
  };
  return `${earlier === undefined ? '' : `${earlier}, `}nearcast; ${own[result]}`;
}
