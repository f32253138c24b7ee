import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRangeHeader, resolveRange } from './byte-range.ts';

describe('Range (RFC 9110 §14)', () => {
  test.each<[string, number, [number, number] | 'unsatisfiable' | 'whole']>([
    ['bytes=0-0', 10, [0, 1]],
    ['bytes=0-', 10, [0, 10]],
    ['bytes=9-', 10, [9, 10]],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=5-100', 10, [5, 10]],
    ['bytes=-3', 10, [7, 10]],
    ['bytes=-30', 10, [0, 10]],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['BYTES = 1 - 2', 10, [1, 3]],
    ['bytes=5-4', 10, 'whole'],
    ['bytes=0-1,3-4', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes=0x1-2', 10, 'whole'],
    ['bytes=--1', 10, 'whole'],
    ['bytes=1-2-3', 10, 'whole'],
    ['items=0-1', 10, 'whole'],
    ['bytes=0-99999999999999999999', 10, [0, 10]],
    ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
  ])('%s of %i bytes', (header, size, expected) => {
    const asked = parseRangeHeader(header);
    const part = asked ? resolveRange(asked, size) : 'whole';
    expect(typeof part === 'object' ? [part.start, part.end] : part).toEqual(expected);
  });

  test('several header lines are ignored, as several ranges are', () => {
    expect(parseRangeHeader(['bytes=0-1', 'bytes=3-4'])).toBeUndefined();
    expect(parseRangeHeader(undefined)).toBeUndefined();
  });

  test('never leads out of the object', () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    );
    fc.assert(
      fc.property(text, fc.nat({ max: 1000 }), (header, size) => {
        const asked = parseRangeHeader(header);
        const part = asked && resolveRange(asked, size);
        if (typeof part !== 'object') return;
        expect(part.start).toBeGreaterThanOrEqual(0);
        expect(part.end).toBeGreaterThan(part.start);
        expect(part.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});
