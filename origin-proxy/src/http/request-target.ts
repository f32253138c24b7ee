import { normalPath } from '@nearcast/protocol';

/** A request target that can be asked for: path as all spell it, and the parameters of its query as they came. */
export interface Target {
  readonly path: string;
  /** `name=value` as sent, in their order. */
  readonly query: readonly string[];
}

export interface Refusal {
  readonly status: 400 | 405 | 414;
  readonly why: string;
}

/** Longest request target, characters: nginx takes 8 KiB for the whole line. */
const MAX_TARGET_LENGTH = 8_000;

/**
 * RFC 9112 §3.2. Only the origin-form is taken: the absolute-form names a host, which would be another way to say where
 * to fetch from. What one server reads as a way up and another does not is refused, encoded or not.
 */
export function parseTarget(given: string): Target | Refusal {
  if (given.length > MAX_TARGET_LENGTH) return { status: 414, why: 'the URL is too long' };
  if (!given.startsWith('/')) return { status: 400, why: 'the request must name a path' };
  // RFC 3986: nothing else may stand in a URL; "#" never belongs into a request.
  if (!/^[\x21-\x7e]+$/.test(given) || /[#<>"\\`{}]/.test(given.split('?', 1)[0] ?? '')) {
    return { status: 400, why: 'the URL has characters that must be encoded' };
  }
  const mark = given.indexOf('?');
  const path = normalPath(mark < 0 ? given : given.slice(0, mark));
  const decoded = decodedOrNothing(path);
  if (decoded === undefined || decoded.includes('\0')) return { status: 400, why: 'the path is not well encoded' };
  if (decoded.split(/[/\\]/).some((name) => name === '..' || name === '.')) {
    return { status: 400, why: 'the path leads up' };
  }
  const query =
    mark < 0
      ? []
      : given
          .slice(mark + 1)
          .split('&')
          .filter((parameter) => parameter !== '');
  return { path, query };
}

function decodedOrNothing(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** The name of a `name=value` of a query. */
export function parameterName(parameter: string): string {
  return decodedOrNothing((parameter.split('=', 1)[0] ?? '').replaceAll('+', ' ')) ?? parameter;
}

export function parameterValue(parameter: string): string {
  const equals = parameter.indexOf('=');
  return equals < 0 ? '' : (decodedOrNothing(parameter.slice(equals + 1).replaceAll('+', ' ')) ?? '');
}

/** The first value of a parameter. */
export function queryValue(query: readonly string[], name: string): string | undefined {
  const parameter = query.find((candidate) => parameterName(candidate) === name);
  return parameter === undefined ? undefined : parameterValue(parameter);
}
