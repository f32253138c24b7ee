import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCacheControl, secondsOf } from './cache-control.ts';
import { parseHttpDate } from './http-date.ts';
import { isMedia, kindOf } from './object-kind.ts';
import { variantKey, variesOn } from './vary.ts';

describe('Cache-Control', () => {
  test.each<[string, [string, string][]]>([
    ['', []],
    ['no-store', [['no-store', '']]],
    [
      ' Max-Age = 5 ,, public ',
      [
        ['max-age', '5'],
        ['public', ''],
      ],
    ],
    [
      'private="set-cookie, x", max-age=1',
      [
        ['private', 'set-cookie, x'],
        ['max-age', '1'],
      ],
    ],
    ['max-age=1, max-age=2', [['max-age', '1']]],
    ['x="unended, max-age=1', [['x', '"unended, max-age=1']]],
    [
      'a="\\"", b',
      [
        ['a', '\\"'],
        ['b', ''],
      ],
    ],
  ])('%j', (header, expected) => {
    expect([...parseCacheControl(header)]).toEqual(expected);
  });

  test('never throws, and takes time in proportion to its length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: fc.constantFrom('"', '\\', ',', '=', ' ', 'a', '1') }), (text) => {
        secondsOf(parseCacheControl(text), 'a');
      }),
      { numRuns: 500 },
    );
    expect(parseCacheControl('"\\'.repeat(8000))).toBeDefined();
  });
});

test.each<[string, string | undefined]>([
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
  ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
  ['Sun, 06 Nov 1994 08:49:37 +0100', undefined],
  ['1994-11-06T08:49:37Z', undefined],
  ['Sun, 99 Nov 1994 08:49:37 GMT', undefined],
  ['0', undefined],
  ['', undefined],
])('RFC 9110 §5.6.7: %j is a date or none', (text, iso) => {
  expect(parseHttpDate(text)).toBe(iso === undefined ? undefined : Date.parse(iso));
});

describe('Vary', () => {
  const sent = new Set(['accept', 'accept-language']);
  test.each<[string | undefined, string[]]>([
    [undefined, []],
    ['Accept-Encoding, Origin', []],
    ['Accept-Language', ['accept-language']],
    [' accept-language ,ACCEPT, accept', ['accept', 'accept-language']],
  ])('%j counts for headers that the origin gets', (vary, names) => {
    expect(variesOn(vary, sent)).toEqual(names);
  });

  const text = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', ',', ' ', ':', ';') });
  test('the same headers give the same key, others another', () => {
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        const one = variantKey('/s.ts', ['accept', 'accept-language'], { accept: a, 'accept-language': b });
        const other = variantKey('/s.ts', ['accept', 'accept-language'], { accept: c, 'accept-language': d });
        const plain = (value: string) =>
          value
            .split(',')
            .map((item) => item.trim().replace(/\s+/g, ' '))
            .join(',');
        expect(one === other).toBe(plain(a) === plain(c) && plain(b) === plain(d));
      }),
    );
  });

  test('white space around list items says nothing; an absent header is not an object of its own name', () => {
    const key = (accept: string) => variantKey('/s', ['accept'], { accept });
    expect(key('a, b')).toBe(key('a,b'));
    expect(key('a, b')).not.toBe(key('b, a'));
    expect(variantKey('/s', [], { accept: 'x' })).toBe('/s');
  });
});

test.each<[string, string | undefined, string, boolean]>([
  ['/a/index.m3u8', undefined, 'playlist', false],
  ['/a/INDEX.M3U8', undefined, 'playlist', false],
  ['/a/list', 'application/vnd.apple.mpegurl', 'playlist', false],
  ['/a/s.ts', undefined, 'segment', true],
  ['/a/s.m4s', 'application/x-unknown', 'segment', true],
  ['/a/key', 'application/octet-stream', 'segment', true],
  ['/a/s.key', 'application/octet-stream', 'segment', false],
  ['/a/subtitles', 'text/vtt; charset=utf-8', 'segment', true],
  ['/a/', 'text/html', 'segment', false],
  ['/a/data.json', 'application/json', 'segment', false],
])('%s (%s) is a %s', (path, type, kind, media) => {
  expect([kindOf(path, type), isMedia(path, type)]).toEqual([kind, media]);
});
