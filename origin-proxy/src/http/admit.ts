import type { IncomingMessage } from 'node:http';
import { parseTarget, type Target } from './request-target.ts';

export type Admission =
  | { readonly is: 'admitted'; readonly target: Target }
  | { readonly is: 'preflight' }
  | {
      readonly is: 'refused';
      readonly because: 'method' | 'malformed' | 'loop';
      readonly status: number;
      readonly why: string;
    };

/** What can be said of a request before anything is looked up. @param via how this edge names itself */
export function admit({ method, url = '', headers, httpVersion }: IncomingMessage, via: string): Admission {
  if (method === 'OPTIONS') return { is: 'preflight' };
  if (method !== 'GET' && method !== 'HEAD') {
    return { is: 'refused', because: 'method', status: 405, why: 'only GET, HEAD and OPTIONS' };
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    return { is: 'refused', because: 'malformed', status: 400, why: 'the request must name a host' }; // RFC 9112 §3.2
  }
  // A body of a GET has no meaning (RFC 9110 §9.3.1), except for hiding another request in it.
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    return { is: 'refused', because: 'malformed', status: 400, why: 'a request for media has no body' };
  }
  if (String(headers.via ?? '').includes(via)) {
    return {
      is: 'refused',
      because: 'loop',
      status: 508,
      why: 'this request has been here before: an origin points to its edge',
    };
  }
  const target = parseTarget(url);
  return 'status' in target ? { is: 'refused', because: 'malformed', ...target } : { is: 'admitted', target };
}
