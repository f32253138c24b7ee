import { describe, expect, test } from 'vitest';
import { evaluatePreconditions, type Precondition, type RequestHeaders, rangeApplies } from './conditions.ts';

const MODIFIED = 'Sat, 21 Nov 2026 10:00:00 GMT';
const BEFORE = 'Sat, 21 Nov 2026 09:59:59 GMT';
const AFTER = 'Sat, 21 Nov 2026 10:00:01 GMT';
const strong = { etag: '"a"', 'last-modified': MODIFIED };
const weak = { etag: 'W/"a"', 'last-modified': MODIFIED };
const bare = {};

describe('preconditions (RFC 9110 §13.2.2)', () => {
  test.each<[RequestHeaders, object, Precondition]>([
    [{}, strong, 'proceed'],
    [{ 'if-none-match': '"a"' }, strong, 'not-modified'],
    [{ 'if-none-match': 'W/"a"' }, strong, 'not-modified'],
    [{ 'if-none-match': '"a"' }, weak, 'not-modified'],
    [{ 'if-none-match': '"b", "a"' }, strong, 'not-modified'],
    [{ 'if-none-match': '"b,a"' }, strong, 'proceed'],
    [{ 'if-none-match': '*' }, bare, 'not-modified'],
    [{ 'if-none-match': '"b"' }, strong, 'proceed'],
    [{ 'if-none-match': '"a"' }, bare, 'proceed'],
    [{ 'if-none-match': '"A"' }, strong, 'proceed'],
    [{ 'if-none-match': 'a' }, strong, 'proceed'],
    // If-None-Match is looked at instead of If-Modified-Since, not beside it.
    [{ 'if-none-match': '"b"', 'if-modified-since': MODIFIED }, strong, 'proceed'],
    [{ 'if-modified-since': MODIFIED }, strong, 'not-modified'],
    [{ 'if-modified-since': AFTER }, strong, 'not-modified'],
    [{ 'if-modified-since': BEFORE }, strong, 'proceed'],
    [{ 'if-modified-since': 'yesterday' }, strong, 'proceed'],
    [{ 'if-modified-since': MODIFIED }, bare, 'proceed'],
    [{ 'if-match': '"a"' }, strong, 'proceed'],
    [{ 'if-match': '"b"' }, strong, 'failed'],
    [{ 'if-match': 'W/"a"' }, weak, 'failed'],
    [{ 'if-match': '*' }, bare, 'proceed'],
    [{ 'if-match': '"a"', 'if-none-match': '"a"' }, strong, 'not-modified'],
    [{ 'if-unmodified-since': BEFORE }, strong, 'failed'],
    [{ 'if-unmodified-since': MODIFIED }, strong, 'proceed'],
    [{ 'if-unmodified-since': BEFORE, 'if-match': '"a"' }, strong, 'proceed'],
    [{ 'if-unmodified-since': 'x' }, strong, 'proceed'],
  ])('%j', (request, validators, expected) => {
    expect(evaluatePreconditions(request, validators)).toBe(expected);
  });
});

describe('If-Range (§13.1.5)', () => {
  test.each<[string | undefined, object, boolean]>([
    [undefined, strong, true],
    ['"a"', strong, true],
    ['"b"', strong, false],
    ['W/"a"', weak, false],
    ['"a"', weak, false],
    [MODIFIED, strong, true],
    [AFTER, strong, false],
    [BEFORE, strong, false],
    ['a', strong, false],
    ['"a"', bare, false],
  ])('%j', (value, validators, applies) => {
    expect(rangeApplies(value === undefined ? {} : { 'if-range': value }, validators)).toBe(applies);
  });
});
