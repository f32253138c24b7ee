export interface FileRange {
  readonly start: number;
  /** The last byte, included. */
  readonly end: number;
}

/** What a media element's `Range` asks for (RFC 9110 §14.1.2): it only ever asks for one range from a first byte on. */
export function rangeOf(header: string | null, size: number): FileRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return 'whole';
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size || start > end ? 'unsatisfiable' : { start, end };
}
