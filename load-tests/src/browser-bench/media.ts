import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecording, type RecordedSegment } from '@nearcast/demo/recording';
import { mediaFolder } from '@nearcast/demo/sample-origin';
import type { BenchConfig } from './config.ts';
import { filmPlaylist, SEGMENT_SECONDS } from './film-playlist.ts';

/**
 * A folder that the sample origin can serve: `live/` and `low-latency/` to be played round and round, `vod/` a film of the
 * same pictures as `live/`.
 */
export interface BenchMedia {
  readonly folder: string;
  readonly bitsPerSecond: number;
  remove(): void;
}

/** What of a benchmark's configuration its media depend on. */
type MediaNeeds = Pick<BenchConfig, 'mode' | 'seconds' | 'mediaBitrate'>;

/** @throws {Error} when a rate is asked for and there is no ffmpeg */
export function prepareMedia({ mode, seconds, mediaBitrate }: MediaNeeds): BenchMedia {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-bench-'));
  try {
    const live = join(folder, 'live');
    if (mediaBitrate === undefined) symlinkSync(join(mediaFolder, 'live'), live);
    else record(live, mediaBitrate);
    symlinkSync(join(mediaFolder, 'low-latency'), join(folder, 'low-latency'));
    makeFilm(folder, seconds);
    const bitsPerSecond = rateOf(mode === 'low-latency' ? join(folder, mode) : live);
    return { folder, bitsPerSecond, remove: () => rmSync(folder, { recursive: true, force: true }) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Of a recording, bit/s. */
function rateOf(folder: string): number {
  const segments = segmentsOf(folder);
  const bytes = segments.reduce((sum, { file }) => sum + statSync(join(folder, file)).size, 0);
  return (bytes * 8) / segments.reduce((sum, { seconds }) => sum + seconds, 0);
}

function segmentsOf(recording: string): RecordedSegment[] {
  return parseRecording(readFileSync(join(recording, 'media.m3u8'), 'utf8'));
}

function makeFilm(folder: string, seconds: number): void {
  const files = segmentsOf(join(folder, 'live')).map(({ file }) => file);
  const film = join(folder, 'vod');
  mkdirSync(film);
  const count = Math.ceil(seconds / SEGMENT_SECONDS);
  for (let number = 0; number < count; number++) {
    symlinkSync(join(folder, 'live', files[number % files.length] as string), join(film, `segment${number}.ts`));
  }
  writeFileSync(join(film, 'media.m3u8'), filmPlaylist(count, files.length));
  writeFileSync(join(film, 'master.m3u8'), '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1100000\nmedia.m3u8\n');
}

/** The same kind of pictures as the sample media: noise costs bits, and 320x180 costs little to decode. */
function record(folder: string, bitsPerSecond: number): void {
  mkdirSync(folder);
  const rate = ['-b:v', '-maxrate', '-bufsize'].flatMap((flag) => [flag, String(Math.round(bitsPerSecond))]);
  const { error, status } = spawnSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25,noise=alls=40:allf=t', '-t', '30'],
      ...['-c:v', 'libx264', '-preset', 'fast', '-pix_fmt', 'yuv420p', '-sc_threshold', '0', '-g', '50', ...rate],
      ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
      ...['-hls_segment_filename', 'segment%d.ts', 'media.m3u8'],
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (error) throw new Error('--media-bitrate needs ffmpeg, which is not to be found');
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}; see the lines above`);
}
