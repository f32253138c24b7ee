import type { SentHeaders } from './vary.ts';

/** What a client wants, in the cache's terms. */
export interface Ask {
  /** The path as all spell it, percent-encoded. */
  readonly path: string;
  /** Path and the query parameters that make a difference. */
  readonly key: string;
  /** Path and query as the origin is asked. */
  readonly target: string;
  /** What the origin is told of the client, by lower-case names. */
  readonly headers: SentHeaders;
  /** Condition and range headers of the client, for what is passed through without being cached. */
  readonly conditions: SentHeaders;
  /** How long the origin may think before it answers; default: as configured. */
  readonly headersTimeoutMs?: number;
  /** A playlist says that it will be there soon: that it is missing now is not worth remembering. */
  readonly isExpected?: boolean;
  /** How many bytes it must have at least: a stored object that is smaller may have been unfinished when it was fetched. */
  readonly needsBytes?: number;
}

/** RFC 9111 §3.5: answers to these may be one viewer's own. */
export function isAuthorized({ headers }: Ask): boolean {
  return headers.authorization !== undefined || headers.cookie !== undefined;
}
