import { expect, test } from 'vitest';
import { announceUrls } from './announce-url.ts';

test('a token goes into the query, beside what is there', () => {
  expect(announceUrls(['wss://one.example/announce?site=a b', 'ws://two.example:8000'], 'x.y+z')).toEqual([
    'wss://one.example/announce?site=a+b&token=x.y%2Bz',
    'ws://two.example:8000/?token=x.y%2Bz',
  ]);
});

test('without one the URL is as the site wrote it', () => {
  expect(announceUrls(['wss://one.example'], undefined)).toEqual(['wss://one.example']);
});
