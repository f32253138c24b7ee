import type { P2PStats } from '../session.ts';
import type { FileP2PEvents } from './file-events.ts';
import type { ResolvedFileOptions } from './file-options.ts';
import { FileShare, type ShareDeps } from './file-share.ts';

/** A file that is here. */
export interface DownloadedFile {
  readonly blob: Blob;
  readonly name: string;
  /** Whether every piece was checked against the torrent. `false`: it came from the plain URL, as a link would bring it. */
  readonly verified: boolean;
}

/** One viewer's download of a file. */
export interface FileDownload {
  readonly stats: P2PStats;
  /** @returns a function that stops listening */
  on<K extends keyof FileP2PEvents>(event: K, listener: (event: FileP2PEvents[K]) => void): () => void;
  /** Rejects when it was cancelled, cannot be had, or is not what its torrent describes. */
  readonly finished: Promise<DownloadedFile>;
  /**
   * The viewer's own switch: leaves the swarm at once, for good. What is not yet here comes from the plain URL;
   * a file that is here stays.
   */
  stopSharing(): void;
  /** Gives it to others until then, for an hour at most; before it is there, ends it. */
  destroy(): void;
}

/** How long an edge may be hashing before the plain URL is loaded. */
const TORRENT_PATIENCE_MS = 15_000;
/** A page that is left open is not a server. */
const SHARE_AT_MOST_MS = 60 * 60 * 1000;
/** Nothing at all came for so long: the plain URL is tried. */
const SILENT_MS = 15_000;

export class Download implements FileDownload {
  readonly finished: Promise<DownloadedFile>;
  readonly #share: FileShare;
  readonly #fileUrl: string;
  readonly #deps: ShareDeps;
  readonly #abort = new AbortController();
  readonly #sharing = new AbortController();
  #forget: () => void = () => undefined;

  constructor(fileUrl: string, options: ResolvedFileOptions | string, deps: ShareDeps) {
    this.#fileUrl = fileUrl;
    this.#deps = deps;
    this.#share = new FileShare(options, deps);
    this.finished = Promise.resolve().then(() => this.#run());
    // Whoever only listens to events must not be told of an unhandled rejection.
    this.finished.catch(() => undefined);
  }

  get stats(): P2PStats {
    return this.#share.stats;
  }

  on<K extends keyof FileP2PEvents>(event: K, listener: (event: FileP2PEvents[K]) => void): () => void {
    return this.#share.events.on(event, listener);
  }

  stopSharing(): void {
    this.#forget();
    this.#share.change({ enabled: false });
    this.#sharing.abort(new Error('switched off'));
    this.#share.close();
  }

  destroy(): void {
    this.#forget();
    this.#abort.abort(new Error('the download was ended'));
    this.#share.close();
    this.#share.change({ destroyed: true });
  }

  async #run(): Promise<DownloadedFile> {
    try {
      return await this.#shared();
    } catch (error) {
      this.#abort.signal.throwIfAborted();
      const because = (error as Error).message;
      const { rejectedChunks } = this.stats;
      this.#share.close();
      this.#share.failed(because);
      // What failed verification must not come in unverified by another door.
      if (rejectedChunks > 0) throw error;
      return await this.#plain();
    }
  }

  async #shared(): Promise<DownloadedFile> {
    const done = new Promise<void>((resolve, reject) => {
      this.#share.onDone = resolve;
      this.#share.onFailure = (because) => reject(new Error(because));
      for (const { signal } of [this.#abort, this.#sharing]) {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }
    });
    done.catch(() => undefined);
    await this.#share.permit();
    const signal = AbortSignal.any([this.#abort.signal, this.#sharing.signal]);
    const opening = this.#share.open('download', TORRENT_PATIENCE_MS, signal);
    await Promise.race([opening, done]);
    const { file } = await opening;
    await Promise.race([done, this.#silence()]);
    this.#forget = this.#deps.clock.after(SHARE_AT_MOST_MS, () => this.#share.close());
    return { blob: await file.blob(), name: file.name, verified: true };
  }

  /** Rejects when nothing has come for a while. */
  #silence(): Promise<never> {
    const { clock } = this.#deps;
    return new Promise((_, reject) => {
      let before = -1;
      const look = () => {
        const { peerBytes, edgeBytes } = this.stats;
        if (this.#abort.signal.aborted) return;
        if (peerBytes + edgeBytes === before) return reject(new Error('nothing comes any more'));
        before = peerBytes + edgeBytes;
        clock.after(SILENT_MS, look);
      };
      look();
    });
  }

  async #plain(): Promise<DownloadedFile> {
    const response = await fetch(this.#fileUrl, { signal: this.#abort.signal });
    if (!response.ok) throw new Error(`${this.#fileUrl}: ${response.status}`);
    const name = decodeURIComponent(new URL(response.url).pathname.split('/').pop() || 'download');
    return { blob: await response.blob(), name, verified: false };
  }
}

/** Gives a file to the browser's own downloads. */
export function saveFile({ blob, name }: Pick<DownloadedFile, 'blob' | 'name'>): void {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href, download: name }).click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
