/** A token, or a quoted string without escapes: no address needs one (RFC 7239 §4, §6). */
const PARAMETER = /^\s*for=(?:"([^"\\]*)"|([^\s"]*))\s*$/i;

/**
 * The `for` of each element of a Forwarded header (RFC 7239 §4), left to right; an element that has none, or cannot be read,
 * is "unknown" (§6.2): it still stands for a hop.
 *
 * Commas separate even inside quotes. What a proxy appends never has one there, whereas a viewer who opens a quote and does
 * not close it would otherwise swallow the proxy's element, and with it the only address that is true.
 */
export function forwardedFor(header: string | undefined): string[] {
  if (header === undefined) return [];
  return header.split(',').map((element) => {
    for (const pair of element.split(';')) {
      const [, quoted, token] = PARAMETER.exec(pair) ?? [];
      const value = quoted ?? token;
      if (value !== undefined) return value;
    }
    return 'unknown';
  });
}
