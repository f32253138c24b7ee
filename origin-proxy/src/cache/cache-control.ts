/** The directives of a `Cache-Control` header, names in lower case; those without a value have "". */
export type Directives = ReadonlyMap<string, string>;

/** RFC 9111 §5.2. Commas and directives inside quoted strings are text; of a repeated directive the first counts (§4.2.1). */
export function parseCacheControl(header: string | undefined): Directives {
  const directives = new Map<string, string>();
  for (const [item] of (header ?? '').matchAll(/(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g)) {
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : item.slice(equals + 1).trim();
    if (name !== '' && !directives.has(name)) directives.set(name, value.replace(/^"(.*)"$/, '$1'));
  }
  return directives;
}

/** RFC 9111 §1.2.2: what does not fit 31 bits counts as 2^31. */
const MAX_DELTA_SECONDS = 2 ** 31;

/** Seconds of `max-age` and its like; 0 for a value that is none, for then the response is to be taken as stale (§4.2.1). */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), MAX_DELTA_SECONDS) : 0;
}
