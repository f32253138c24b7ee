/**
 * RFC 9110 §5.6.7: the preferred form and the two obsolete ones that must still be understood. `Date.parse` alone would
 * take far more than these, and an unreadable `Expires` must mean "already expired" (RFC 9111 §5.3).
 */
const FORMS = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** @returns ms since 1970, or `undefined` for what is no HTTP date */
export function parseHttpDate(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  if (trimmed === undefined || !FORMS.some((form) => form.test(trimmed))) return undefined;
  // asctime() names no zone; HTTP dates are always in GMT.
  const time = Date.parse(trimmed.endsWith('GMT') ? trimmed : `${trimmed} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
