/**
 * Makes demo/media anew with ffmpeg; its result is in the repository, so nobody needs to run it.
 * Noise is what makes synthetic pictures cost real bitrates; small pictures keep many viewers on one machine honest.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';

const media = new URL('../media/', import.meta.url).pathname;

function ffmpeg(folder: string, args: readonly string[]): void {
  rmSync(media + folder, { recursive: true, force: true });
  mkdirSync(media + folder, { recursive: true });
  const { status, error } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], {
    cwd: media + folder,
    stdio: 'inherit',
  });
  if (error) throw new Error('ffmpeg is needed to make the media', { cause: error });
  if (status !== 0) throw new Error(`ffmpeg ended with ${status} while making ${folder}`);
}

function bitrate(kilobits: number): string[] {
  return ['-b:v', `${kilobits}k`, '-maxrate', `${kilobits}k`, '-bufsize', `${kilobits}k`];
}

const h264 = ['-c:v', 'libx264', '-preset', 'slow', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'];

/** 30 s of 2 s segments, 1.1 Mbit/s, played round and round by the live origin. */
ffmpeg('live', [
  ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25,noise=alls=40:allf=t'],
  ...['-f', 'lavfi', '-i', 'sine=frequency=330:beep_factor=4:sample_rate=48000'],
  ...['-t', '30', ...h264, '-g', '50', ...bitrate(980)],
  ...['-c:a', 'aac', '-b:a', '48k', '-ac', '1', '-af', 'volume=0.2'],
  ...[
    '-f',
    'hls',
    '-hls_time',
    '2',
    '-hls_playlist_type',
    'vod',
    '-hls_segment_filename',
    'segment%d.ts',
    'media.m3u8',
  ],
]);

/** The same minute as one file to download, and to play before it is there: its index comes first. */
function makeFile(): void {
  const streams = ['-i', '../vod/360p/media.m3u8', '-i', '../vod/audio/media.m3u8'];
  ffmpeg('files', [...streams, '-map', '0:v', '-map', '1:a', '-c', 'copy', '-movflags', '+faststart', 'film.mp4']);
}

/** 40 s of half-second parts, four of which are a segment with one key frame: for low latency. */
ffmpeg('low-latency', [
  ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=24,noise=alls=12:allf=t'],
  ...['-f', 'lavfi', '-i', 'sine=frequency=330:beep_factor=4:sample_rate=48000'],
  ...['-t', '40', ...h264, '-g', '48', '-keyint_min', '48', '-bf', '0', ...bitrate(200)],
  ...['-c:a', 'aac', '-b:a', '48k', '-ac', '1', '-af', 'volume=0.2'],
  ...['-f', 'hls', '-hls_time', '0.5', '-hls_flags', 'split_by_time', '-hls_playlist_type', 'vod'],
  ...['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'],
  ...['-hls_segment_filename', 'part%d.m4s', 'media.m3u8'],
]);

/** One minute in two renditions and one audio track, fragmented MP4, 4 s segments. */
ffmpeg('vod', [
  ...['-f', 'lavfi', '-i', 'mandelbrot=size=640x360:rate=25:end_scale=0.003,noise=alls=4:allf=t'],
  ...['-f', 'lavfi', '-i', 'sine=frequency=220:beep_factor=2:sample_rate=48000'],
  ...['-t', '60', '-filter_complex', '[0:v]split=2[large][half];[half]scale=320:180[small]'],
  ...['-map', '[large]', '-map', '[small]', '-map', '1:a'],
  ...[...h264, '-g', '100', '-keyint_min', '100'],
  ...['-b:v:0', '560k', '-maxrate:v:0', '620k', '-bufsize:v:0', '1000k'],
  ...['-b:v:1', '220k', '-maxrate:v:1', '250k', '-bufsize:v:1', '400k'],
  ...['-c:a', 'aac', '-b:a', '48k', '-ac', '1', '-filter:a', 'volume=0.2'],
  ...['-f', 'hls', '-hls_time', '4', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
  ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%v/segment%d.m4s'],
  ...[
    '-master_pl_name',
    'master.m3u8',
    '-var_stream_map',
    'v:0,agroup:sound,name:360p v:1,agroup:sound,name:180p a:0,agroup:sound,name:audio,default:yes,language:en',
  ],
  '%v/media.m3u8',
]);

makeFile();
