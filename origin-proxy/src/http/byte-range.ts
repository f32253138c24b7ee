/** Byte ranges: RFC 9110 §14. */

/** What a `Range` header asks for, before the size of the object is known. */
export type AskedRange =
  | { readonly is: 'from'; readonly first: number; readonly last?: number }
  | { readonly is: 'suffix'; readonly length: number };

export interface Part {
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/**
 * `undefined` for what is to be ignored, with the whole object as the answer (§14.2): other units, several ranges (a
 * player never needs them, and they cost more than they carry), and what is no range.
 */
export function parseRangeHeader(header: string | string[] | undefined): AskedRange | undefined {
  if (typeof header !== 'string') return undefined;
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header) ?? [];
  if (first === '') return last === '' ? undefined : { is: 'suffix', length: Number(last) };
  if (last === '') return { is: 'from', first: Number(first) };
  return Number(last) < Number(first) ? undefined : { is: 'from', first: Number(first), last: Number(last) };
}

/** The bytes of an object of this size, or that there are none of them. */
export function resolveRange(asked: AskedRange, size: number): Part | 'unsatisfiable' {
  if (asked.is === 'suffix') {
    return asked.length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - asked.length), end: size };
  }
  if (asked.first >= size) return 'unsatisfiable';
  return { start: asked.first, end: Math.min(size, (asked.last ?? size - 1) + 1) };
}
