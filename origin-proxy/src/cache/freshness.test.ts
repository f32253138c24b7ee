import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ageSeconds,
  freshnessOf,
  isShareable,
  isStorable,
  mayBridgeError,
  type PlaylistLifetime,
  type Received,
  useOf,
} from './freshness.ts';

const NOW = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT');
const YEAR = 365 * 86_400;
const live: PlaylistLifetime = { isLive: true, freshSeconds: 2 };
const ended: PlaylistLifetime = { isLive: false, freshSeconds: 10 };

function received(headers: Record<string, string> = {}, more: Partial<Received> = {}): Received {
  return {
    path: '/a/segment1.ts',
    kind: 'segment',
    status: 200,
    headers,
    requestedAt: NOW,
    receivedAt: NOW,
    authorized: false,
    ...more,
  };
}

const cc = (value: string) => ({ 'cache-control': value });
const page = { path: '/index.html' };

describe('how long a response is fresh', () => {
  test.each<[string, Received, number]>([
    ['a segment without a word of the origin: a year', received(), YEAR],
    ['a page without a word: not at all', received({}, page), 0],
    ['media by its type', received({ 'content-type': 'video/mp4' }, { path: '/x' }), YEAR],
    ['a key, whatever its type: a minute', received({ 'content-type': 'video/mp4' }, { path: '/s.key' }), 60],
    ['a missing segment: a moment', received({}, { status: 404 }), 1],
    ['a segment that is gone: a moment', received({}, { status: 410 }), 1],
    ['max-age', received(cc('max-age=60')), 60],
    ['s-maxage before max-age (RFC 9111 §5.2.2.10)', received(cc('max-age=60, s-maxage=10')), 10],
    [
      'CDN-Cache-Control before Cache-Control (RFC 9213)',
      received({ ...cc('max-age=60'), 'cdn-cache-control': 'max-age=5' }),
      5,
    ],
    ['no-cache: confirmed each time', received(cc('no-cache, max-age=60')), 0],
    ['an upper-case directive', received(cc('MAX-AGE=60')), 60],
    ['a quoted value', received(cc('max-age="60"')), 60],
    ['a value that is none: stale', received(cc('max-age=soon')), 0],
    ['a negative value: stale', received(cc('max-age=-1')), 0],
    ['a directive inside a quoted string is text', received(cc('x="max-age=9", max-age=60')), 60],
    ['the first of two', received(cc('max-age=1, max-age=60')), 1],
    ['more than 31 bits (§1.2.2)', received(cc('max-age=99999999999')), 2 ** 31],
    [
      'Expires, from Date',
      received({ date: 'Sat, 21 Nov 2026 11:00:00 GMT', expires: 'Sat, 21 Nov 2026 11:05:00 GMT' }),
      300,
    ],
    ['Expires without Date', received({ expires: 'Sat, 21 Nov 2026 12:05:00 GMT' }), 300],
    ['Expires in the past', received({ expires: 'Sat, 21 Nov 2026 11:05:00 GMT' }), 0],
    ['Expires that is no date (§5.3)', received({ expires: '0' }), 0],
    ['max-age before Expires', received({ ...cc('max-age=7'), expires: 'Sat, 21 Nov 2026 12:05:00 GMT' }), 7],
    [
      'a tenth of the time since the last change (§4.2.2)',
      received({ 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' }, page),
      720,
    ],
    ['at most a day of that', received({ 'last-modified': 'Sat, 21 Nov 2020 10:00:00 GMT' }, page), 86_400],
    ['a change in the future says nothing', received({ 'last-modified': 'Sat, 21 Nov 2027 10:00:00 GMT' }, page), 0],
  ])('%s', (_, response, seconds) => {
    expect(freshnessOf(response).freshSeconds).toBe(seconds);
  });

  const playlist = { path: '/a/index.m3u8', kind: 'playlist' } as const;
  test.each<[string, Record<string, string>, PlaylistLifetime, number]>([
    ['a live playlist: half its target duration', {}, live, 2],
    ['max-age can only shorten that', cc('max-age=60'), live, 2],
    ['… and does', cc('max-age=1'), live, 1],
    ['no-cache and max-age=0 are what packagers send with every one', cc('no-cache, max-age=0'), live, 2],
    ['s-maxage is meant for the edge', cc('max-age=0, s-maxage=1'), live, 1],
    ['… zero too', cc('s-maxage=0'), live, 0],
    ['CDN-Cache-Control: no-cache is obeyed', { 'cdn-cache-control': 'no-cache' }, live, 0],
    ['CDN-Cache-Control: max-age is obeyed', { 'cdn-cache-control': 'max-age=30' }, live, 30],
    ['an ended playlist', {}, ended, 10],
    ['an ended playlist with max-age', cc('max-age=3600'), ended, 3600],
    ['an ended playlist with no-cache', cc('no-cache'), ended, 0],
  ])('%s', (_, headers, lifetime, seconds) => {
    expect(freshnessOf(received(headers, playlist), lifetime).freshSeconds).toBe(seconds);
  });
});

describe('a stale response', () => {
  test.each<[string, Received, number, number, PlaylistLifetime?]>([
    ['bridges an origin that is away for a day', received(), 0, 86_400],
    ['as long as it says', received(cc('max-age=1, stale-while-revalidate=5, stale-if-error=9')), 5, 9],
    ['never, with must-revalidate', received(cc('max-age=1, must-revalidate, stale-if-error=9')), 0, 0],
    ['never, with proxy-revalidate', received(cc('max-age=1, proxy-revalidate')), 0, 0],
    ['never, with s-maxage (RFC 9111 §5.2.2.10)', received(cc('s-maxage=1')), 0, 0],
    ['never, with no-cache', received(cc('no-cache')), 0, 0],
    ['never, when it is an error', received({}, { status: 404 }), 0, 0],
    ['of a live playlist for a minute', received({}, { kind: 'playlist' }), 0, 60, live],
    ['of an ended playlist while it is confirmed', received({}, { kind: 'playlist' }), 60, 86_400, ended],
  ])('%s', (_, response, whileRevalidate, ifError, playlist) => {
    const { staleWhileRevalidateSeconds, staleIfErrorSeconds } = freshnessOf(response, playlist);
    expect([staleWhileRevalidateSeconds, staleIfErrorSeconds]).toEqual([whileRevalidate, ifError]);
  });
});

describe('what may be kept, and given to all who wait', () => {
  const authorized = { authorized: true };
  test.each<[string, Received, boolean, boolean]>([
    ['a segment', received(), true, true],
    ['a 404', received({}, { status: 404 }), true, true],
    ['a 403 without a lifetime: shared, not kept', received({}, { status: 403 }), true, false],
    ['a 403 with one', received(cc('max-age=9'), { status: 403 }), true, true],
    ['a 206', received({}, { status: 206 }), true, false],
    ['no-store', received(cc('no-store')), false, false],
    ['private', received(cc('private, max-age=60')), false, false],
    ['Vary: *', received({ vary: '*' }), false, false],
    ['a cookie without a lifetime', received({ 'set-cookie': 'a=b' }), false, false],
    ['a cookie beside an explicit lifetime', received({ 'set-cookie': 'a=b', ...cc('max-age=9') }), true, true],
    ['an answer to credentials (RFC 9111 §3.5)', received(cc('max-age=9'), authorized), false, false],
    ['… that is public', received(cc('public'), authorized), true, true],
    ['… with s-maxage', received(cc('s-maxage=9'), authorized), true, true],
    ['… with must-revalidate', received(cc('must-revalidate'), authorized), true, true],
    [
      'CDN-Cache-Control: no-store beside public',
      received({ ...cc('public'), 'cdn-cache-control': 'no-store' }),
      false,
      false,
    ],
  ])('%s', (_, response, shareable, storable) => {
    expect([isShareable(response), isStorable(response)]).toEqual([shareable, storable]);
  });
});

describe('age', () => {
  test.each<[string, Received, number]>([
    ['begins when the response comes', received(), 0],
    ['counts what caches behind this one say', received({ age: '30' }), 30],
    ['and the time it took, then (RFC 9111 §4.2.3)', received({ age: '30' }, { requestedAt: NOW - 2000 }), 32],
    [
      'but not of a playlist, which may have been held back',
      received({ age: '30' }, { kind: 'playlist', requestedAt: NOW - 2000 }),
      30,
    ],
  ])('%s', (_, response, seconds) => {
    expect(ageSeconds(freshnessOf(response), NOW)).toBe(seconds);
  });

  test.each(['x', '-1', '1.5', '1, 2', ''])('that is no number makes stale: "%s"', (age) => {
    expect(useOf(freshnessOf(received({ age })), NOW)).toBe('ask-first');
  });

  test('moves a response from fresh to stale, never back', () => {
    const seconds = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(seconds, seconds, seconds, seconds, (fresh, whileRevalidate, ifError, after) => {
        const freshness = freshnessOf(
          received(cc(`max-age=${fresh}, stale-while-revalidate=${whileRevalidate}, stale-if-error=${ifError}`)),
        );
        const now = NOW + after * 1000;
        const expected = after < fresh ? 'fresh' : after < fresh + whileRevalidate ? 'revalidate-behind' : 'ask-first';
        expect(useOf(freshness, now)).toBe(expected);
        expect(mayBridgeError(freshness, now)).toBe(after < fresh + ifError);
      }),
    );
  });
});
