import type { Ask } from '../cache/ask.ts';
import { isMediaPath } from '../cache/object-kind.ts';
import type { SentHeaders } from '../cache/vary.ts';
import { parameterName, type Target } from './request-target.ts';

/** What of a request makes a difference, and what of it the origin is told. */
export interface KeyRules {
  /** Query parameters that are part of the cache key; the origin gets them. */
  readonly cacheQuery: ReadonlySet<string>;
  /** Query parameters that the origin gets, although its answer does not depend on them. */
  readonly passQuery: ReadonlySet<string>;
  /** Request headers that the origin gets, by lower-case names; its `Vary` may name them. */
  readonly forwardHeaders: ReadonlySet<string>;
}

/** RFC 8216bis §6.2.5: these decide what a playlist contains, and nothing else. */
const DIRECTIVE = /^_HLS_(?:msn|part|skip)$/;
const CONDITIONAL = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** @param headers of the client's request, by lower-case names */
export function askFor(
  target: Target,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  rules: KeyRules,
): Ask {
  const { path } = target;
  const takesDirectives = !isMediaPath(path);
  const isKey = (parameter: string) => {
    const name = parameterName(parameter);
    return rules.cacheQuery.has(name) || (takesDirectives && DIRECTIVE.test(name));
  };
  // Sorted: the order of parameters says nothing, and must not make two objects of one.
  const keyed = target.query.filter(isKey).sort();
  const passed = target.query.filter((parameter) => rules.passQuery.has(parameterName(parameter)));
  return {
    path,
    key: withQuery(path, keyed),
    target: withQuery(path, [...new Set([...keyed, ...passed])]),
    headers: chosen(headers, rules.forwardHeaders),
    conditions: chosen(headers, CONDITIONAL),
  };
}

function withQuery(path: string, parameters: readonly string[]): string {
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
}

function chosen(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: Iterable<string>,
): SentHeaders {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}
