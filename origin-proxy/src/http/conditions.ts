/** Conditional requests: RFC 9110 §13, for GET and HEAD. */
import { parseHttpDate } from '../cache/http-date.ts';

export interface Validators {
  readonly etag?: string | undefined;
  readonly 'last-modified'?: string | undefined;
}

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type Precondition = 'proceed' | 'not-modified' | 'failed';

/** In the order of §13.2.2. */
export function evaluatePreconditions(request: RequestHeaders, validators: Validators): Precondition {
  const { etag } = validators;
  const modified = parseHttpDate(validators['last-modified']);
  const [ifMatch, ifNoneMatch] = [textOf(request['if-match']), textOf(request['if-none-match'])];
  if (ifMatch !== undefined) {
    if (!listHas(ifMatch, etag, isStrongMatch)) return 'failed';
  } else {
    const limit = parseHttpDate(textOf(request['if-unmodified-since']));
    if (limit !== undefined && modified !== undefined && modified > limit) return 'failed';
  }
  if (ifNoneMatch !== undefined) return listHas(ifNoneMatch, etag, isWeakMatch) ? 'not-modified' : 'proceed';
  const since = parseHttpDate(textOf(request['if-modified-since']));
  return since !== undefined && modified !== undefined && modified <= since ? 'not-modified' : 'proceed';
}

/** §13.1.5: whether a range may be cut from this version. Without `If-Range` it may. */
export function rangeApplies(request: RequestHeaders, validators: Validators): boolean {
  const ifRange = textOf(request['if-range'])?.trim();
  if (ifRange === undefined) return true;
  if (/^(?:W\/)?"/.test(ifRange)) return isStrongMatch(ifRange, validators.etag);
  // The very date, not a later one: §13.1.5.
  return parseHttpDate(ifRange) !== undefined && ifRange === validators['last-modified'];
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

/** §8.8.3.2. */
function isStrongMatch(one: string, other: string | undefined): boolean {
  return one === other && !one.startsWith('W/');
}

function isWeakMatch(one: string, other: string | undefined): boolean {
  return other !== undefined && one.replace(/^W\//, '') === other.replace(/^W\//, '');
}

function listHas(
  list: string,
  etag: string | undefined,
  matches: (one: string, other: string | undefined) => boolean,
): boolean {
  if (list.trim() === '*') return true; // there is a representation, for it is about to be sent
  return [...list.matchAll(/(?:W\/)?"[^"]*"/g)].some(([candidate]) => matches(candidate, etag));
}
