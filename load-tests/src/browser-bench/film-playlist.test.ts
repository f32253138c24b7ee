import { expect, test } from 'vitest';
import { filmPlaylist, parseSegmentFiles } from './film-playlist.ts';

test('a film of five segments over a recording of two begins each round anew', () => {
  const playlist = filmPlaylist(5, 2);
  expect(parseSegmentFiles(playlist)).toEqual([0, 1, 2, 3, 4].map((number) => `segment${number}.ts`));
  expect(playlist.split('#EXT-X-DISCONTINUITY\n').map((round) => parseSegmentFiles(round).length)).toEqual([2, 2, 1]);
  expect(playlist.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
});
