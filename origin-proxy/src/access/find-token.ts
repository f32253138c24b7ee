import { MAX_TOKEN_LENGTH } from '@nearcast/protocol';
import { parameterName, parameterValue } from '../http/request-target.ts';
import type { AccessRequest } from './access.ts';

export interface FoundToken {
  readonly text: string;
  /** Before the escapes of the query were undone; some generators escape what they sign. */
  readonly asSent: string;
  /** `name=value` as it stood in the query, when it did: what the playlist names needs it too. */
  readonly carry?: string;
}

/** A token from the query, else from a cookie of that name, else from a header. Names in lower case. */
export function findToken(
  { query, headers }: AccessRequest,
  names: { readonly parameter: string; readonly cookie: string; readonly header?: string },
): FoundToken | undefined {
  const parameter = query.find((candidate) => parameterName(candidate).toLowerCase() === names.parameter);
  const found: FoundToken | undefined =
    parameter !== undefined
      ? { text: parameterValue(parameter), asSent: parameter.slice(parameter.indexOf('=') + 1), carry: parameter }
      : textToken(cookieValue(headers.cookie, names.cookie) ?? headerValue(headers, names.header));
  return found && found.text.length <= MAX_TOKEN_LENGTH ? found : undefined;
}

function textToken(text: string | undefined): FoundToken | undefined {
  return text === undefined || text === '' ? undefined : { text, asSent: text };
}

function headerValue(headers: AccessRequest['headers'], name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function cookieValue(header: string | string[] | undefined, name: string): string | undefined {
  for (const pair of String(header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim().toLowerCase() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
