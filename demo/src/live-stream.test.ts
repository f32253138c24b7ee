import { describe, expect, test } from 'vitest';
import { LiveStream } from './live-stream.ts';
import { parseRecording } from './recording.ts';

const recording = [
  { file: 'a.ts', seconds: 2 },
  { file: 'b.ts', seconds: 2 },
  { file: 'c.ts', seconds: 1 },
];

describe('LiveStream', () => {
  const stream = new LiveStream(recording, 4, 1000);

  test.each([
    [1000, { first: 0, count: 0 }],
    [2999, { first: 0, count: 0 }],
    [3000, { first: 0, count: 1 }],
    [6000, { first: 0, count: 3 }],
    [11_000, { first: 2, count: 4 }],
  ])('at %i ms the window is %o', (now, window) => {
    expect(stream.windowAt(now)).toEqual(window);
  });

  test('a segment exists from the moment it ends until one window after it left the playlist', () => {
    expect(stream.fileOf(2, 5999)).toBeUndefined();
    expect(stream.fileOf(2, 6000)).toBe('c.ts');
    expect(stream.fileOf(0, 11_000)).toBe('a.ts');
    expect(stream.fileOf(0, 16_000)).toBeUndefined();
    expect(stream.fileOf(-1, 16_000)).toBeUndefined();
  });

  test('each round of the recording begins with a discontinuity, and passed ones stay counted', () => {
    const playlist = stream.playlistAt(11_000);
    expect(playlist).toContain('#EXT-X-MEDIA-SEQUENCE:2\n');
    expect(playlist).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:0\n');
    expect(playlist.split('#EXT-X-DISCONTINUITY\n')).toHaveLength(2);
    expect(stream.playlistAt(13_000)).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:0\n');
    expect(stream.playlistAt(15_000)).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1\n');
  });
});

test('parseRecording reads names and durations and skips other tags', () => {
  const playlist = '#EXTM3U\n#EXTINF:2.000000,\na.ts\n#EXTINF:1.96,title\n#EXT-X-BYTERANGE:5@0\nb.ts\n#EXT-X-ENDLIST\n';
  expect(parseRecording(playlist)).toEqual([
    { file: 'a.ts', seconds: 2 },
    { file: 'b.ts', seconds: 1.96 },
  ]);
});
