/** Which of several stored responses of one URL fits a request: RFC 9111 §4.1. */

/** A header that the edge sends to the origin, by its lower-case name. */
export type SentHeaders = Readonly<Record<string, string>>;

/**
 * The names in `Vary` that can make a difference. A header that the edge never sends is the same for all requests, and
 * with it the answer: `Vary: Accept-Encoding, Origin` of a usual origin costs nothing.
 */
export function variesOn(vary: string | undefined, sentNames: ReadonlySet<string>): readonly string[] {
  const names = (vary ?? '').split(',').map((name) => name.trim().toLowerCase());
  return [...new Set(names)].filter((name) => sentNames.has(name)).sort();
}

/** The key of the response that fits these headers. Line feeds are in no URL, so that it never equals another object's. */
export function variantKey(key: string, names: readonly string[], headers: SentHeaders): string {
  if (names.length === 0) return key;
  return `${key}\n${names.map((name) => `${name}:${normalised(headers[name])}`).join('\n')}`;
}

/** White space around list items says nothing. */
function normalised(value: string | undefined): string {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim().replace(/\s+/g, ' '))
    .join(',');
}
