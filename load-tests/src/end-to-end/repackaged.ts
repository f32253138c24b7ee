import { createCipheriv, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseRecording, type RecordedSegment } from '@nearcast/demo/recording';

/** A media playlist whose segments are files, as packagers write it. */
interface FilePlaylist {
  readonly head: readonly string[];
  readonly map: string | undefined;
  readonly segments: readonly RecordedSegment[];
}

function parse(playlist: string): FilePlaylist {
  const lines = playlist.split('\n').filter((line) => line !== '');
  const head = lines.filter((line) =>
    /^#EXT(?:M3U|-X-(?:VERSION|TARGETDURATION|MEDIA-SEQUENCE|PLAYLIST-TYPE))/.test(line),
  );
  const map = /^#EXT-X-MAP:URI="([^"]+)"/m.exec(playlist)?.[1];
  return { head, map, segments: parseRecording(playlist) };
}

/** All renditions of a film again, each one file of which the playlist names byte ranges. */
export async function asByteRanges(film: string, into: string): Promise<void> {
  await cp(join(film, 'master.m3u8'), join(into, 'master.m3u8'));
  for (const entry of await readdir(film, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const [from, to] = [join(film, entry.name), join(into, entry.name)];
    await mkdir(to, { recursive: true });
    const { head, map = '', segments } = parse(await readFile(join(from, 'media.m3u8'), 'utf8'));
    const first = await readFile(join(from, map));
    const bodies = [first];
    const lines = [...head, `#EXT-X-MAP:URI="all.mp4",BYTERANGE="${first.length}@0"`];
    let offset = first.length;
    for (const { seconds, file } of segments) {
      const body = await readFile(join(from, file));
      lines.push(`#EXTINF:${seconds},`, `#EXT-X-BYTERANGE:${body.length}@${offset}`, 'all.mp4');
      offset += body.length;
      bodies.push(body);
    }
    await writeFile(join(to, 'all.mp4'), Buffer.concat(bodies));
    await writeFile(join(to, 'media.m3u8'), [...lines, '#EXT-X-ENDLIST', ''].join('\n'));
  }
}

/** A recording again, each segment encrypted as a whole (RFC 8216, 4.3.2.4), under names that say nothing of their kind. */
export async function asEncrypted(recording: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const [key, iv] = [randomBytes(16), randomBytes(16)];
  await writeFile(join(into, 'film.key'), key);
  const { head, segments } = parse(await readFile(join(recording, 'media.m3u8'), 'utf8'));
  const lines = [...head, `#EXT-X-KEY:METHOD=AES-128,URI="film.key",IV=0x${iv.toString('hex')}`];
  for (const { seconds, file } of segments) {
    const cipher = createCipheriv('aes-128-cbc', key, iv);
    const body = await readFile(join(recording, file));
    const name = `${basename(file, '.ts')}.bin`;
    await writeFile(join(into, name), Buffer.concat([cipher.update(body), cipher.final()]));
    lines.push(`#EXTINF:${seconds},`, name);
  }
  await writeFile(join(into, 'media.m3u8'), [...lines, '#EXT-X-ENDLIST', ''].join('\n'));
  await writeFile(join(into, 'master.m3u8'), '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1100000\nmedia.m3u8\n');
}
