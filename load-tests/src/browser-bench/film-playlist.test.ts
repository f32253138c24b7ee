import { parseRecording } from '@nearcast/demo/recording';
import { expect, test } from 'vitest';
import { filmPlaylist } from './film-playlist.ts';

test('a film of five segments over a recording of two begins each round anew', () => {
  const playlist = filmPlaylist(5, 2);
  expect(parseRecording(playlist)).toEqual(
    [0, 1, 2, 3, 4].map((number) => ({ file: `segment${number}.ts`, seconds: 2 })),
  );
  expect(playlist.split('#EXT-X-DISCONTINUITY\n').map((round) => parseRecording(round).length)).toEqual([2, 2, 1]);
  expect(playlist.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
});
