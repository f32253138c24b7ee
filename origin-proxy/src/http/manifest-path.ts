import type { Part } from './byte-range.ts';

/** The segment that a manifest is asked of. */
export interface ManifestPath {
  /** Of the segment, or of the file that it is a part of. */
  readonly path: string;
  readonly range?: Part;
}

/** [I4] `undefined` for a path that is no manifest's. A range's end is included; one that ends before it begins is `empty`. */
export function parseManifestPath(asked: string): ManifestPath | 'empty' | undefined {
  const [, path, first, last] = /^(.*)\.nearcast(?:-(\d{1,15})-(\d{1,15}))?$/.exec(asked) ?? [];
  if (path === undefined) return undefined;
  if (first === undefined) return { path };
  const range = { start: Number(first), end: Number(last) + 1 };
  return range.start < range.end ? { path, range } : 'empty';
}
