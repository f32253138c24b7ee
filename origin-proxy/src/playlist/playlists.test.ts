import { describe, expect, test, vi } from 'vitest';
import { acceptsGzip } from '../http/playlist-view.ts';
import { reloadDirectives } from '../http/reload-directives.ts';
import { bodyOf, cacheOf, edgeFor, get, stoppedClock } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';
import { judgeBlockingReload } from './blocking-reload.ts';
import { playlistLifetime } from './playlist-lifetime.ts';
import { type MediaPlaylist, readPlaylist } from './read-playlist.ts';
import { upcoming } from './upcoming.ts';
import { withQuery } from './with-query.ts';

const LOW_LATENCY = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=24
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-MAP:URI="init.mp4",BYTERANGE="800@0"
#EXTINF:4,
s100.m4s
#EXTINF:4,
s101.m4s
#EXT-X-PART:DURATION=0.5,URI="s102.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="s102.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s102.2.m4s"
`;

function media(text: string): MediaPlaylist {
  const playlist = readPlaylist(text);
  if (playlist.is !== 'media') throw new Error(playlist.is);
  return playlist;
}

const live = media(LOW_LATENCY);

describe('reading a playlist', () => {
  test('low-latency live', () => {
    expect(live).toMatchObject({
      hasEnded: false,
      targetSeconds: 4,
      partTargetSeconds: 0.5,
      canBlockReload: true,
      lastSequence: 101,
      lastPart: 1,
      maps: [{ uri: 'init.mp4', range: { start: 0, end: 800 } }],
      segments: [{ uri: 's100.m4s' }, { uri: 's101.m4s' }],
      parts: [{ uri: 's102.0.m4s' }, { uri: 's102.1.m4s' }],
      hints: [{ uri: 's102.2.m4s' }],
    });
  });

  test('byte ranges that go on where the one before ended, gaps, skipped segments, variables', () => {
    const playlist = media(
      [
        '#EXTM3U',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-DEFINE:NAME="p",VALUE="x"',
        '#EXT-X-SKIP:SKIPPED-SEGMENTS=10',
        '#EXT-X-BYTERANGE:100@50',
        'film.mp4',
        '#EXT-X-BYTERANGE:100',
        'film.mp4',
        '#EXT-X-GAP',
        'gap.ts',
        '{$p}.ts',
        '{$q}.ts',
        '#EXT-X-ENDLIST',
      ].join('\r\n'),
    );
    expect([playlist.lastSequence, playlist.hasEnded]).toEqual([14, true]);
    expect(playlist.segments).toEqual([
      { uri: 'film.mp4', range: { start: 50, end: 150 } },
      { uri: 'film.mp4', range: { start: 150, end: 250 } },
      { uri: 'x.ts' },
    ]);
  });

  test.each([
    ['', 'unreadable'],
    ['<html>', 'unreadable'],
    ['#EXTM3U\n', 'unreadable'],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:soon\n', 'unreadable'],
    ['#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n', 'multivariant'],
  ])('%j is %s', (text, is) => {
    expect(readPlaylist(text).is).toBe(is);
  });
});

test.each([
  ['live', live, false, true, 2],
  ['live, asked with a blocking reload: until the next part', live, true, true, 0.5],
  ['ended', media('#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST'), false, false, 10],
  ['of type VOD', media('#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD'), false, false, 10],
  ['multivariant', { is: 'multivariant' } as const, false, false, 10],
  ['unreadable: it may be half written', { is: 'unreadable' } as const, false, true, 1],
])('lifetime of a playlist that is %s', (_, playlist, isBlocking, isLive, freshSeconds) => {
  expect(playlistLifetime(playlist, isBlocking)).toEqual({ isLive, freshSeconds });
});

test.each<[string, [number, number?], number, string]>([
  ['what is there', [101], 0, 'there'],
  ['a part that is there', [102, 1], 0, 'there'],
  ['the next part', [102, 2], 0, 'wait'],
  ['the next segment', [102], 0, 'wait'],
  ['two segments ahead', [103], 0, 'wait'],
  ['more than two segments ahead: 400', [104], 0, 'refused'],
  ['three seconds of parts ahead', [102, 7], 0, 'wait'],
  ['more: 400', [102, 8], 0, 'refused'],
  ['what may be there by now, although far ahead of what was seen', [110], 3, 'wait'],
])('a blocking reload for %s', (_, [sequence, part], secondsAgo, is) => {
  const judgement = judgeBlockingReload({ sequence, ...(part !== undefined && { part }) }, live, secondsAgo);
  expect(judgement.is).toBe(is);
  if (judgement.is === 'wait') expect(judgement.withinMs).toBe(12_000);
});

test.each<[string, unknown]>([
  ['', undefined],
  ['_HLS_skip=YES', undefined],
  ['_HLS_msn=7', { sequence: 7 }],
  ['_HLS_msn=7&_HLS_part=0', { sequence: 7, part: 0 }],
  ['_HLS_part=1', { status: 400 }],
  ['_HLS_msn=x', { status: 400 }],
  ['_HLS_msn=-1', { status: 400 }],
  ['_HLS_msn=1&_HLS_part=1.5', { status: 400 }],
  ['_HLS_skip=maybe', { status: 400 }],
])('directives %j', (query, expected) => {
  const directives = reloadDirectives({ path: '/a.m3u8', query: query === '' ? [] : query.split('&') });
  if (expected === undefined) expect(directives).toBeUndefined();
  else expect(directives).toMatchObject(expected as object);
});

test('what viewers will want next: at first sight the end of the stream, then only what is new', () => {
  const names = (references: readonly { uri: string }[]) => references.map(({ uri }) => uri);
  const first = upcoming(undefined, live);
  expect(names(first.there)).toEqual(['init.mp4', 's100.m4s', 's101.m4s', 's102.0.m4s', 's102.1.m4s']);
  expect(names(first.hinted)).toEqual(['s102.2.m4s']);
  const later = media(
    LOW_LATENCY.replace(
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s102.2.m4s"',
      '#EXT-X-PART:DURATION=0.5,URI="s102.2.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s102.3.m4s"',
    ),
  );
  const second = upcoming(live, later);
  expect([names(second.there), names(second.hinted)]).toEqual([['s102.2.m4s'], ['s102.3.m4s']]);
  expect(upcoming(live, live)).toEqual({ there: [], hinted: [] });
});

test('a token goes with every URL that leads back here, and with no other', () => {
  const playlist = [
    '#EXTM3U',
    '#EXT-X-MAP:URI="init.mp4?v=1",BYTERANGE="1@0"',
    '# a comment a.ts',
    'a.ts\r',
    '/b.ts#t',
    'https://other.example/c.ts',
    '//other.example/d.ts',
    '#EXT-X-KEY:METHOD=AES-128,URI="data:x"',
    '',
  ].join('\n');
  expect(withQuery(playlist, 't=1').split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-MAP:URI="init.mp4?v=1&t=1",BYTERANGE="1@0"',
    '# a comment a.ts',
    'a.ts?t=1\r',
    '/b.ts?t=1#t',
    'https://other.example/c.ts',
    '//other.example/d.ts',
    '#EXT-X-KEY:METHOD=AES-128,URI="data:x"',
    '',
  ]);
});

test.each([
  ['gzip', true],
  ['br, gzip;q=0.5', true],
  ['*', true],
  ['GZIP', true],
  ['gzip;q=0', false],
  ['identity', false],
  ['x-gzip2', false],
  [undefined, false],
])('Accept-Encoding: %s', (header, accepts) => {
  expect(acceptsGzip(header)).toBe(accepts);
});

describe('playlists through the edge', () => {
  const held = async () => {
    const waiting: (() => void)[] = [];
    const origin = await originWith((request, response) => {
      const url = request.url ?? '';
      if (url.includes('_HLS_msn'))
        waiting.push(() =>
          response.end(
            LOW_LATENCY.replaceAll('s102.', 's103.').replace('\n#EXT-X-PART:', '\n#EXTINF:4,\ns102.m4s\n#EXT-X-PART:'),
          ),
        );
      else if (url.startsWith('/live.m3u8')) response.end(LOW_LATENCY);
      else if (url.endsWith('s102.2.m4s')) waiting.push(() => fileOf(bytesOf(1000))(request, response));
      else fileOf(bytesOf(1000))(request, response);
    });
    return { origin, waiting };
  };

  test('a blocking reload is held, asked of the origin once for all, and not kept past the next part', async () => {
    const [{ origin, waiting }, clock] = [await held(), stoppedClock()];
    const edge = await edgeFor(origin.url, {}, clock);
    await bodyOf(edge, '/live.m3u8');
    const asked = Array.from({ length: 50 }, () => bodyOf(edge, '/live.m3u8?_HLS_msn=102&session=1'));
    const blocking = () => origin.asked.filter((url) => url.includes('_HLS_msn'));
    await vi.waitFor(() => expect(blocking()).toHaveLength(1), 10_000);
    for (const answer of waiting.splice(0)) answer();
    expect(new Set((await Promise.all(asked)).map(String)).size).toBe(1);
    expect(blocking()).toEqual(['/live.m3u8?_HLS_msn=102']);
    expect(await cacheOf(edge, '/live.m3u8?_HLS_msn=102')).toBe('HIT');
    // It is there: whoever waits for less is answered with it, too.
    expect(await cacheOf(edge, '/live.m3u8?_HLS_msn=101&_HLS_part=1')).toBe('HIT');
  });

  test.each([
    ['_HLS_part=1', /_HLS_part needs _HLS_msn/],
    ['_HLS_msn=x', /must be numbers/],
    ['_HLS_msn=150', /too far ahead/],
    ['_HLS_msn=102&_HLS_part=90', /too far ahead/],
  ])('a reload with %s is 400, and the origin is not asked', async (query, sentence) => {
    const { origin } = await held();
    const edge = await edgeFor(origin.url);
    await bodyOf(edge, '/live.m3u8');
    const response = await get(edge, `/live.m3u8?${query}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(sentence)]);
    expect(origin.asked.filter((url) => url.includes('_HLS'))).toEqual([]);
  });

  test('a part that a hint announced is asked for once, before it is there, and all get it when it is', async () => {
    const { origin, waiting } = await held();
    const edge = await edgeFor(origin.url);
    await bodyOf(edge, '/live.m3u8');
    await vi.waitFor(() => expect(origin.asked).toContain('/s102.2.m4s'), 10_000);
    const asked = Array.from({ length: 20 }, () => bodyOf(edge, '/s102.2.m4s'));
    const manifest = bodyOf(edge, '/s102.2.m4s.nearcast');
    for (const answer of waiting.splice(0)) answer();
    for (const part of await Promise.all(asked)) expect(part.equals(bytesOf(1000))).toBe(true);
    expect((await manifest).length).toBeGreaterThan(0);
    expect(origin.asked.filter((url) => url === '/s102.2.m4s')).toHaveLength(1);
  });

  test('a stream that has stopped answers a blocking reload with 503', async () => {
    const origin = await originWith((request, response) => {
      if (!request.url?.includes('_HLS_msn')) response.end(LOW_LATENCY.replace('DURATION:4', 'DURATION:0.2'));
    });
    const edge = await edgeFor(origin.url);
    await bodyOf(edge, '/live.m3u8');
    const response = await get(edge, '/live.m3u8?_HLS_msn=102');
    expect([response.status, await response.text()]).toEqual([503, 'the stream has stopped\n']);
  });

  test('delta updates are asked for and kept apart', async () => {
    const origin = await originWith((request, response) => void response.end(`${LOW_LATENCY}# ${request.url}\n`));
    const edge = await edgeFor(origin.url);
    expect((await bodyOf(edge, '/live.m3u8?_HLS_skip=YES')).toString()).toContain('# /live.m3u8?_HLS_skip=YES');
    expect((await bodyOf(edge, '/live.m3u8')).toString()).not.toContain('_HLS_skip');
  });

  test('long ones are compressed for those who can read that, once, and told apart by Vary', async () => {
    const long = `${LOW_LATENCY}${'# padding\n'.repeat(500)}`;
    const origin = await originWith((_, response) => void response.setHeader('etag', '"v1"').end(long));
    const edge = await edgeFor(origin.url);
    const packed = await get(edge, '/live.m3u8', { 'accept-encoding': 'gzip' });
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(1000);
    expect([packed.headers.get('content-encoding'), packed.headers.get('vary'), packed.headers.get('etag')]).toEqual([
      'gzip',
      'Accept-Encoding',
      '"v1-gzip"',
    ]);
    expect(await packed.text()).toBe(long);
    const plain = await get(edge, '/live.m3u8', { 'accept-encoding': 'identity' });
    expect([plain.headers.get('content-encoding'), plain.headers.get('etag'), await plain.text()]).toEqual([
      null,
      '"v1"',
      long,
    ]);
  });

  test('one that breaks off is an error, not half a playlist', async () => {
    const origin = await originWith((_, response) => {
      response.writeHead(200, { 'content-length': 5000 }).write(LOW_LATENCY, () => response.destroy());
    });
    expect((await get(await edgeFor(origin.url), '/live.m3u8')).status).toBe(502);
  });
});
