import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { LiveStream } from './live-stream.ts';
import { lowLatencyOrigin } from './low-latency-origin.ts';
import { parseRecording } from './recording.ts';

export const mediaFolder: string = new URL('../media', import.meta.url).pathname;

export interface SampleOriginConfig {
  /** Segments in the live playlist. Default 6. */
  readonly liveWindow: number;
  /** A folder with `live/` (a recording, media.m3u8) and `vod/` (anything). Default: the sample media. */
  readonly folder: string;
  /** Now, ms since 1970. */
  readonly now: () => number;
}

export const sampleOriginDefaults: SampleOriginConfig = { liveWindow: 6, folder: mediaFolder, now: Date.now };

/**
 * What a packager and a web server would be: `/vod/master.m3u8` from files, and `/live/master.m3u8`,
 * which plays the recording as if it happened now. `/low-latency/master.m3u8`, where the folder has that recording.
 */
export function sampleOrigin(given: Partial<SampleOriginConfig> = {}): Server {
  const { liveWindow, folder, now } = { ...sampleOriginDefaults, ...given };
  const recording = parseRecording(readFileSync(join(folder, 'live/media.m3u8'), 'utf8'));
  const seconds = recording.reduce((sum, segment) => sum + segment.seconds, 0);
  // It has been on for two rounds, so that the first viewer finds a full window.
  const live = new LiveStream(recording, liveWindow, now() - 2 * seconds * 1000);
  const app = express().disable('x-powered-by');
  app.get('/live/master.m3u8', (_request, response) => {
    response.type('application/vnd.apple.mpegurl').send('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1100000\nmedia.m3u8\n');
  });
  app.get('/live/media.m3u8', (_request, response) => {
    response.type('application/vnd.apple.mpegurl').set('Cache-Control', 'no-cache').send(live.playlistAt(now()));
  });
  app.get('/live/:name', (request, response) => {
    const number = /^segment(\d+)\.ts$/.exec(request.params.name)?.[1];
    const file = number === undefined ? undefined : live.fileOf(Number(number), now());
    if (file === undefined) response.sendStatus(404);
    else response.sendFile(join(folder, 'live', file), { cacheControl: false });
  });
  const lowLatency = join(folder, 'low-latency');
  if (existsSync(lowLatency)) app.use('/low-latency', lowLatencyOrigin(lowLatency, liveWindow, now));
  app.use('/files', express.static(join(folder, 'files'), { cacheControl: false }));
  app.use('/vod', express.static(join(folder, 'vod'), { cacheControl: false }));
  return createServer(app);
}
