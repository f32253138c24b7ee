import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askFor } from './ask-for.ts';
import { parseTarget, queryValue } from './request-target.ts';

describe('a request target', () => {
  test.each([
    ['/a/b.ts', '/a/b.ts', []],
    ['/a/c.ts?x=1&&y', '/a/c.ts', ['x=1', 'y']],
    ['/%41%2f%c3%a4', '/A%2F%C3%A4', []],
    ['/a?', '/a', []],
    ['/a?b=/../c', '/a', ['b=/../c']],
    ['//a', '//a', []],
  ])('%s is %s', (given, path, query) => {
    expect(parseTarget(given)).toEqual({ path, query });
  });

  test.each([
    ['http://other.example/a', 400],
    ['*', 400],
    ['', 400],
    ['a', 400],
    ['/a#b', 400],
    ['/a b', 400],
    ['/a\u00e4', 400],
    ['/a\\b', 400],
    ['/a/./b', 400],
    ['/a/../b', 400],
    ['/%', 400],
    ['/%zz', 400],
    ['/%00', 400],
    ['/%ff', 400],
    ['/..%2fetc/passwd', 400],
    ['/a/..%2F..%2Fb', 400],
    ['/a%5c..%5cb', 400],
    [`/${'a'.repeat(8000)}`, 414],
  ])('%j is refused', (given, status) => {
    expect(parseTarget(given)).toMatchObject({ status, why: expect.any(String) });
  });

  test('whatever is accepted never leads up, and is accepted as it is once more', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '..',
      '/',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '\\',
      '%',
      '%25',
      '%252e',
      '?',
      '//',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = parseTarget(`/${pieces.join('')}`);
        if ('status' in target) return;
        expect(decodeURIComponent(target.path).split(/[/\\]/)).not.toContain('..');
        expect(parseTarget(target.path)).toEqual({ path: target.path, query: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test('a parameter is found by its decoded name, the first counts', () => {
    const query = ['%74oken=a%2Bb+c', 'token=2', 'bare'];
    expect([queryValue(query, 'token'), queryValue(query, 'bare'), queryValue(query, 'x')]).toEqual([
      'a+b c',
      '',
      undefined,
    ]);
  });
});

describe('the cache key', () => {
  const rules = {
    cacheQuery: new Set(['v', 'lang']),
    passQuery: new Set(['session']),
    forwardHeaders: new Set(['accept']),
  };
  const ask = (target: string, headers = {}) => {
    const parsed = parseTarget(target);
    if ('status' in parsed) throw new Error(parsed.why);
    return askFor(parsed, headers, rules);
  };

  test.each([
    ['/s.ts', '/s.ts', '/s.ts'],
    ['/s.ts?token=1&CMCD=x', '/s.ts', '/s.ts'],
    ['/s.ts?v=2&lang=de', '/s.ts?lang=de&v=2', '/s.ts?lang=de&v=2'],
    ['/s.ts?lang=de&v=2', '/s.ts?lang=de&v=2', '/s.ts?lang=de&v=2'],
    ['/s.ts?session=7&v=2', '/s.ts?v=2', '/s.ts?v=2&session=7'],
    ['/a.m3u8?_HLS_part=1&_HLS_msn=7&x=1', '/a.m3u8?_HLS_msn=7&_HLS_part=1', '/a.m3u8?_HLS_msn=7&_HLS_part=1'],
    ['/live?_HLS_skip=YES', '/live?_HLS_skip=YES', '/live?_HLS_skip=YES'],
    ['/s.ts?_HLS_msn=7', '/s.ts', '/s.ts'],
  ])('of %s is %s, the origin is asked for %s', (given, key, target) => {
    expect(ask(given)).toMatchObject({ key, target });
  });

  test('the origin is told of no header but those that are configured', () => {
    const { headers, conditions } = ask('/s.ts', { accept: 'x', cookie: 'secret', host: 'h', range: 'bytes=0-1' });
    expect([headers, conditions]).toEqual([{ accept: 'x' }, { range: 'bytes=0-1' }]);
  });
});
