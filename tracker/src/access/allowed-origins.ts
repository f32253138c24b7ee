/** A site may be framed in another, sandboxed, or a file: none of these says where it comes from (RFC 6454 §7.3). */
const UNNAMED = 'null';

export type OriginRule = (origin: string | undefined) => boolean;

/**
 * Which pages may connect. Browsers alone are honest about it, so that it keeps other sites from using the tracker, but nobody
 * who writes a client of his own: that is what tokens are for.
 *
 * @param allowed origins (`https://www.example.com`), or `*.example.com` for every host below (not the domain itself), over
 *   any scheme and port; without any, all may connect, and so may clients that say no origin
 * @throws {TypeError} when one of them is neither
 */
export function allowedOrigins(allowed: readonly string[]): OriginRule {
  if (allowed.length === 0) return () => true;
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const given of allowed) {
    if (given.startsWith('*.')) suffixes.push(domainOf(given));
    else exact.add(originOf(given));
  }
  return (origin) => {
    if (origin === undefined || origin === UNNAMED) return false;
    if (exact.has(origin)) return true;
    const host = URL.parse(origin)?.hostname ?? '';
    return suffixes.some((suffix) => host.endsWith(suffix));
  };
}

function originOf(given: string): string {
  const origin = URL.parse(given)?.origin;
  // "https://site/path" is a mistake that would never match.
  if (!given.includes('*') && origin === given.replace(/\/$/, '').toLowerCase() && origin !== UNNAMED) return origin;
  throw new TypeError(`--allow-origin ${given}: wanted is an origin like https://www.example.com, or *.example.com`);
}

function domainOf(given: string): string {
  const suffix = given.slice(1).toLowerCase();
  if (/^(\.[a-z0-9_-]+){2,}$/.test(suffix)) return suffix;
  throw new TypeError(`--allow-origin ${given}: wanted is an origin like https://www.example.com, or *.example.com`);
}
