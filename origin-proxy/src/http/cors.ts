import type { IncomingMessage } from 'node:http';

/** hls.js reads `Age` for low-latency tune-in; ranges, sizes and what the cache did must be readable, too. */
const EXPOSED = 'Age, Cache-Status, Content-Length, Content-Range, Date, ETag, Retry-After, X-Cache, X-Magnet-Uri';

/** Which sites' players may read responses: "*" is any. */
export interface CorsRules {
  readonly allowOrigin: readonly string[];
}

/** Players live on other sites. */
export function corsHeaders({ allowOrigin }: CorsRules, origin: string | undefined): Record<string, string> {
  const isOpen = allowOrigin.includes('*');
  const isAllowed = isOpen || (origin !== undefined && allowOrigin.includes(origin));
  return {
    ...(isAllowed && {
      'access-control-allow-origin': isOpen ? '*' : String(origin),
      'access-control-expose-headers': EXPOSED,
      'timing-allow-origin': isOpen ? '*' : String(origin),
    }),
    'cross-origin-resource-policy': isOpen ? 'cross-origin' : 'same-site',
    ...(!isOpen && { vary: 'Origin' }),
  };
}

/** What a preflight is answered with (Fetch standard, CORS protocol). Nothing here changes anything: all may be asked. */
export function preflightHeaders({ headers }: IncomingMessage): Record<string, string> {
  return {
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? 'Range',
    'access-control-max-age': '86400',
  };
}
