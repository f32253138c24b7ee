import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeManifest, signedPart } from '@nearcast/protocol';
import { newFolder } from '@nearcast/service-kit/testing';
import { expect, test } from 'vitest';
import { loadSigningKeys } from '../integrity/signing-keys.ts';
import { bodyOf, edgeFor } from '../testing/edge-under-test.ts';
import { bytesOf } from '../testing/scripted-origin.ts';
import { signFolder } from './sign-folder.ts';

function site(files: Record<string, string | Buffer>): string {
  const folder = newFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const playlist = (...lines: string[]) =>
  ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines, '#EXT-X-ENDLIST', ''].join('\n');

test('the manifests beside the files vouch for what an edge in front of them would', async () => {
  const folder = site({
    'main.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/media.m3u8\n',
    'low/media.m3u8': playlist(
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXTINF:4,',
      'part%20one.m4s?v=2',
      '#EXTINF:4,',
      '../b.m4s',
      '#EXTINF:4,',
      '#EXT-X-BYTERANGE:450@300',
      'init.mp4',
    ),
    'low/init.mp4': bytesOf(900),
    'low/part one.m4s': bytesOf(600_000, 2),
    'b.m4s': bytesOf(5_000_000, 3),
    'unnamed.ts': bytesOf(10),
  });
  const keys = await loadSigningKeys([]);
  expect(await signFolder(folder, '/vod/', keys)).toEqual({ manifests: 4, bytes: 5_600_900 + 450 });
  expect(existsSync(join(folder, 'unnamed.ts.nearcast'))).toBe(false);

  const www = newFolder();
  cpSync(folder, join(www, 'vod'), { recursive: true, filter: (path) => !/\.nearcast/.test(path) });
  const edge = await edgeFor(www);
  for (const file of ['low/init.mp4', 'low/part one.m4s', 'b.m4s']
    .map((name) => `${name}.nearcast`)
    .concat('low/init.mp4.nearcast-300-749')) {
    const written = readFileSync(join(folder, file));
    const served = await bodyOf(edge, encodeURI(`/vod/${file}`));
    expect(decodeManifest(written)).toBeDefined();
    // All but the key's id: magic (4), id (8), then what is said about the segment.
    expect(Buffer.from(signedPart(written)).subarray(12).equals(signedPart(served).subarray(12))).toBe(true);
  }
});

test.each<[string, Record<string, string | Buffer>, RegExp]>([
  ['no playlist', { 'a.ts': 'x' }, /there is no playlist/],
  ['a missing file', { 'a.m3u8': playlist('#EXTINF:4,', 'gone.ts') }, /names .*gone\.ts, which cannot be read/],
  [
    'a range beyond the end',
    { 'a.m3u8': playlist('#EXTINF:4,', '#EXT-X-BYTERANGE:10@15', 'f.mp4'), 'f.mp4': bytesOf(20) },
    /f\.mp4 ends before byte 25, which a playlist names/,
  ],
  ['an empty file', { 'a.m3u8': playlist('#EXTINF:4,', 'e.ts'), 'e.ts': '' }, /e\.ts is empty/],
])('%s is one sentence', async (_, files, sentence) => {
  await expect(signFolder(site(files), '/', await loadSigningKeys([]))).rejects.toThrow(sentence);
});

test('files outside the folder are left alone', async () => {
  const folder = site({
    'vod/a.m3u8': playlist(
      '#EXT-X-BYTERANGE:10@0',
      'film.mp4',
      '#EXTINF:4,',
      '../outside.ts',
      '#EXTINF:4,',
      'https://x/y.ts',
    ),
    'vod/film.mp4': bytesOf(20),
    'outside.ts': bytesOf(20),
  });
  const signed = await signFolder(join(folder, 'vod'), '/', await loadSigningKeys([]));
  expect(signed).toEqual({ manifests: 1, bytes: 10 });
});
