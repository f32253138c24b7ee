import { expect, test } from 'vitest';
import { allowedOrigins } from './allowed-origins.ts';

const list = ['https://www.example.com', 'http://localhost:8080', '*.example.org'];

test.each<[string[], string | undefined, boolean]>([
  [[], undefined, true],
  [[], 'https://anybody.example', true],
  [list, 'https://www.example.com', true],
  [list, 'http://localhost:8080', true],
  [list, 'https://a.example.org', true],
  [list, 'http://a.b.example.org:8443', true],
  [list, 'https://example.org', false],
  [list, 'https://evilexample.org', false],
  [list, 'https://example.org.evil.net', false],
  [list, 'http://www.example.com', false],
  [list, 'https://www.example.com:8443', false],
  [list, 'https://www.example.com.evil.net', false],
  [list, 'http://localhost:8081', false],
  [list, undefined, false],
  [list, 'null', false],
  [list, 'nonsense', false],
])('with %j, %s: %s', (allowed, origin, expected) => {
  expect(allowedOrigins(allowed)(origin)).toBe(expected);
});

test.each(['www.example.com', 'https://site/path', '*', '*.com', '*.', 'https://*.example.com', 'null'])(
  '%s is no origin',
  (given) => {
    expect(() => allowedOrigins([given])).toThrow(`--allow-origin ${given}: wanted is an origin like`);
  },
);
