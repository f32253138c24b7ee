import { browserClock } from '../clock.ts';
import { Download, type FileDownload, saveFile } from './file-download.ts';
import { type FileP2POptions, resolveFileOptions } from './file-options.ts';
import { type FileP2PSession, FilePlayback } from './file-playback.ts';

export type { P2PStats } from '../session.ts';
export type { DownloadedFile, FileDownload } from './file-download.ts';
export type { FileP2PEvents } from './file-events.ts';
export type { FileP2POptions } from './file-options.ts';
export type { FileP2PSession } from './file-playback.ts';

const deps = { clock: browserClock, random: Math.random };

/**
 * Plays a file (MP4, WebM, audio: what the browser plays by itself) in a media element, from other viewers and from the
 * edge; seeking works before everything is there. The element must have no source of its own.
 *
 * Never throws, and playback never depends on it: whatever is missing or wrong, the element gets the plain URL, goes on
 * where it was, and the session says why (`stats.reason` and the `warning` event).
 */
export function attachFileP2P(video: HTMLVideoElement, fileUrl: string, options: FileP2POptions): FileP2PSession {
  return new FilePlayback(video, fileUrl, resolveFileOptions(fileUrl, options, location.href), deps);
}

/**
 * Downloads a file from other viewers and from the edge, checks every piece, and saves it as a click on a link would.
 * Where it cannot be shared it comes from the plain URL, and `verified` is `false`; what fails the check is never saved.
 * @param options `save: false` only hands it over by `finished`
 */
export function downloadFileP2P(fileUrl: string, options: FileP2POptions & { save?: boolean }): FileDownload {
  const { save = true, ...shared } = options;
  const download = new Download(fileUrl, resolveFileOptions(fileUrl, shared, location.href), deps);
  if (save) download.finished.then(saveFile, () => undefined);
  return download;
}
