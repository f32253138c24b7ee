import { type P2POptions, type ResolvedOptions, resolveOptions } from '../config.ts';

/** As for streams, where they mean something for files. */
export interface FileP2POptions extends Pick<P2POptions, 'tracker' | 'token' | 'upload' | 'consent' | 'rtc'> {
  /** Where the torrent is. Default: the file's URL with `.torrent` after its path. */
  torrent?: string;
  /** Where the site has put `nearcast-files-worker.js`; pages below its folder can play. Default "/nearcast-files-worker.js". */
  worker?: string;
  /** Playback begins from the plain URL when sharing is not ready after this time. Default 1500. */
  startWithinMs?: number;
}

export interface ResolvedFileOptions extends ResolvedOptions {
  readonly fileUrl: string;
  readonly torrentUrl: string;
  readonly workerUrl: string;
  readonly startWithinMs: number;
}

/** @returns the options with every default filled in, or one sentence on what is wrong with them */
export function resolveFileOptions(file: string, given: FileP2POptions, pageUrl: string): ResolvedFileOptions | string {
  if (typeof given !== 'object' || given === null) return 'attachFileP2P needs options with a tracker';
  const { torrent, worker = '/nearcast-files-worker.js', startWithinMs = 1500, ...shared } = given;
  const unknown = Object.keys(shared).find((name) => !known.includes(name));
  if (unknown !== undefined) return `unknown option "${unknown}" (known: ${[...known, ...own].join(', ')})`;
  const options = resolveOptions(shared);
  if (typeof options === 'string') return options;
  if (!URL.canParse(file, pageUrl)) return `the file must be a URL, not ${JSON.stringify(file)}`;
  if (torrent !== undefined && !URL.canParse(torrent, pageUrl)) return 'torrent must be a URL';
  if (typeof worker !== 'string' || !URL.canParse(worker, pageUrl)) return 'worker must be a URL';
  if (!(typeof startWithinMs === 'number' && startWithinMs >= 0)) return 'startWithinMs must be a number of at least 0';
  const fileUrl = new URL(file, pageUrl).href;
  return {
    ...options,
    fileUrl,
    torrentUrl: torrent === undefined ? torrentOf(fileUrl) : new URL(torrent, pageUrl).href,
    workerUrl: new URL(worker, pageUrl).href,
    startWithinMs,
  };
}

const known = ['tracker', 'token', 'upload', 'consent', 'rtc'];
const own = ['torrent', 'worker', 'startWithinMs'];

/** The edge's name for it; a token in the query goes along. */
function torrentOf(fileUrl: string): string {
  const url = new URL(fileUrl);
  url.pathname += '.torrent';
  url.hash = '';
  return url.href;
}
