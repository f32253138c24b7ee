import type { Directives } from '../playlist/blocking-reload.ts';
import { queryValue, type Refusal, type Target } from './request-target.ts';

/** Reads the directives of a playlist request; nothing when it has none. RFC 8216bis §6.2.5. */
export function reloadDirectives({ query }: Target): Directives | Refusal | undefined {
  const [sequence, part, skip] = ['_HLS_msn', '_HLS_part', '_HLS_skip'].map((name) => queryValue(query, name));
  if (skip !== undefined && skip !== 'YES' && skip !== 'v2') return { status: 400, why: '_HLS_skip must be YES or v2' };
  if (sequence === undefined) {
    // "A server that receives _HLS_part without _HLS_msn MUST return 400."
    return part === undefined ? undefined : { status: 400, why: '_HLS_part needs _HLS_msn' };
  }
  if (!isCount(sequence) || (part !== undefined && !isCount(part))) {
    return { status: 400, why: '_HLS_msn and _HLS_part must be numbers' };
  }
  return { sequence: Number(sequence), ...(part !== undefined && { part: Number(part) }) };
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
