import { manifestUrl } from '@nearcast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ManifestPath, parseManifestPath } from './manifest-path.ts';

test.each<[string, ManifestPath | 'empty' | undefined]>([
  ['/a/s.ts.nearcast', { path: '/a/s.ts' }],
  ['/film.mp4.nearcast-0-0', { path: '/film.mp4', range: { start: 0, end: 1 } }],
  ['/film.mp4.nearcast-10-19', { path: '/film.mp4', range: { start: 10, end: 20 } }],
  ['/film.mp4.nearcast-19-10', 'empty'],
  ['/a.nearcast-1-2.nearcast', { path: '/a.nearcast-1-2' }],
  ['/film.mp4', undefined],
  ['/film.mp4.nearcast-5', undefined],
  ['/film.mp4.nearcast--5', undefined],
  ['/film.mp4.nearcast-5-', undefined],
  ['/film.mp4.nearcast-1e3-2e3', undefined],
  ['/film.mp4.nearcast-0-9999999999999999', undefined],
  ['/film.mp4.nearcast/x', undefined],
])('[I4] %s', (asked, expected) => {
  expect(parseManifestPath(asked)).toEqual(expected);
});

test('[I4] is found again where the plugin looks for it', () => {
  const ranges = fc.record({ start: fc.nat(2 ** 40), length: fc.integer({ min: 1, max: 2 ** 29 }) });
  fc.assert(
    fc.property(fc.option(ranges, { nil: undefined }), (given) => {
      const range = given && { start: given.start, end: given.start + given.length };
      const { pathname } = new URL(manifestUrl('https://e.example/a/film.mp4?x=1', range));
      expect(parseManifestPath(pathname)).toEqual({ path: '/a/film.mp4', ...(range && { range }) });
    }),
  );
});
