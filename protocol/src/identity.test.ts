import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import vectors from '../test-vectors/identity.json' with { type: 'json' };
import {
  bytesOfHex,
  hexOf,
  manifestUrl,
  normalPath,
  pathOfUrl,
  SEGMENT_KEY_BYTES,
  segmentIdentity,
} from './identity.ts';

function keyOf(path: string, range?: { start: number; end: number }): string {
  const digest = createHash('sha256').update(segmentIdentity(path, range)).digest();
  return hexOf(digest.subarray(0, SEGMENT_KEY_BYTES));
}

describe('[I1] golden vectors', () => {
  test.each(vectors)('$url $range → $key', ({ url, range, key }) => {
    expect(keyOf(pathOfUrl(url) ?? '', range ?? undefined)).toBe(key);
  });
});

test.each([
  ['/a%2fb', '/a%2Fb'],
  ['/%41%7e%2d', '/A~-'],
  ['/a b', '/a b'],
  ['/%zz', '/%zz'],
  ['/ä', '/ä'],
])('[I2] %s is %s', (path, normal) => {
  expect(normalPath(path)).toBe(normal);
});

test.each([
  ['https://e.example/v/s1.ts?token=a&x=1', undefined, 'https://e.example/v/s1.ts.nearcast?token=a&x=1'],
  ['https://e.example/v/s1.ts', { start: 0, end: 100 }, 'https://e.example/v/s1.ts.nearcast-0-99'],
])('[I4] the manifest of %s %o is at %s', (url, range, expected) => {
  expect(manifestUrl(url, range)).toBe(expected);
});

test('hexadecimal and back', () => {
  const bytes = Uint8Array.of(0, 1, 15, 16, 255);
  expect(hexOf(bytes)).toBe('00010f10ff');
  expect(bytesOfHex(hexOf(bytes))).toEqual(bytes);
});
