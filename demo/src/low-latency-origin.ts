import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type Router } from 'express';
import { LowLatencyStream, type PartName, parseMediaName } from './low-latency-stream.ts';
import { parseRecording } from './recording.ts';

const PARTS_PER_SEGMENT = 4;
/** RFC 8216bis §6.2.5.2: who asks for what is further away than that asks for the wrong stream. */
const MAX_WAIT_MS = 6_000;
const MEDIA_TYPE = 'video/mp4';

/** What a low-latency packager would be: playlists that wait for their next part, parts that are asked for before they exist. */
export function lowLatencyOrigin(folder: string, windowSize: number, now: () => number): Router {
  const recorded = parseRecording(readFileSync(join(folder, 'media.m3u8'), 'utf8'));
  const [{ seconds } = { seconds: 0.5 }] = recorded;
  const roundMs = recorded.length * seconds * 1000;
  const stream = new LowLatencyStream(
    { parts: recorded.map(({ file }) => file), partSeconds: seconds, partsPerSegment: PARTS_PER_SEGMENT },
    windowSize,
    now() - roundMs,
  );
  const until = (time: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, time - now())));

  const router = express.Router();
  router.get('/master.m3u8', (_request, response) => {
    const codecs = 'CODECS="avc1.64000d,mp4a.40.2",RESOLUTION=320x180';
    response
      .type('application/vnd.apple.mpegurl')
      .send(`#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000,${codecs}\nmedia.m3u8\n`);
  });
  router.get('/media.m3u8', async (request, response) => {
    const wanted = wantedPart(request.query);
    if (wanted) {
      const time = stream.appearsAt(wanted);
      if (time > now() + MAX_WAIT_MS) return void response.sendStatus(400);
      await until(time);
      if (response.destroyed) return;
    }
    response.type('application/vnd.apple.mpegurl').set('Cache-Control', 'no-cache').send(stream.playlistAt(now()));
  });
  router.get('/init.mp4', (_request, response) => response.sendFile(join(folder, 'init.mp4'), { cacheControl: false }));
  router.get('/:name', async (request, response) => {
    const name = parseMediaName(request.params.name);
    if (!name) return void response.sendStatus(404);
    if ('part' in name) {
      const time = stream.appearsAt(name);
      if (time <= now() + MAX_WAIT_MS) await until(time);
      if (response.destroyed) return;
    }
    const files = 'part' in name ? [stream.partFile(name, now())] : stream.segmentFiles(name.segment, now());
    const bodies = await Promise.all(files.flatMap((file) => (file === undefined ? [] : readFile(join(folder, file)))));
    if (bodies.length === 0) return void response.sendStatus(404);
    response.type(MEDIA_TYPE).send(Buffer.concat(bodies));
  });
  return router;
}

/** What `_HLS_msn` and `_HLS_part` ask to wait for; a whole segment is its last part. */
function wantedPart(query: { readonly _HLS_msn?: unknown; readonly _HLS_part?: unknown }): PartName | undefined {
  const segment = Number(query._HLS_msn ?? Number.NaN);
  if (!Number.isSafeInteger(segment)) return undefined;
  const part = Number(query._HLS_part ?? PARTS_PER_SEGMENT - 1);
  return { segment, part: Number.isSafeInteger(part) ? part : 0 };
}
