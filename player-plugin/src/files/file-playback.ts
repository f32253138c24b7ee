import type { P2PStats } from '../session.ts';
import type { FileP2PEvents } from './file-events.ts';
import { FileHead } from './file-head.ts';
import type { ResolvedFileOptions } from './file-options.ts';
import type { FileRange } from './file-range.ts';
import { FileReading } from './file-reading.ts';
import { FileShare, type OpenFile, type ShareDeps } from './file-share.ts';
import { type BridgedFile, bridgeFile, connectWorker } from './stream-bridge.ts';

/** One video's part in the swarm of its file. */
export interface FileP2PSession {
  readonly stats: P2PStats;
  /** @returns a function that stops listening */
  on<K extends keyof FileP2PEvents>(event: K, listener: (event: FileP2PEvents[K]) => void): () => void;
  /** The viewer's own switch: `false` leaves the swarm at once and plays on from the plain URL. */
  setEnabled(on: boolean): void;
  /** Leaves for good; the video plays on from the plain URL. */
  destroy(): void;
}

type Source =
  | { readonly is: 'none' | 'plain' }
  | { readonly is: 'opening' }
  | { readonly is: 'shared'; readonly bridged: BridgedFile; readonly unwatch: () => void };

const LOOK_EVERY_MS = 250;
/** For so long the client is not loaded, ms. */
const FIRST_PICTURE_MS = 500;
/** The head of the file plays meanwhile; after that time the rest must be there to be read, too. */
const SHARED_WITHIN_MS = 8_000;
/** A video that waits for longer plays on from the plain URL. */
const STALLED_MS = 4_000;

/** Plays one file in one video element: shared while that works, and from its URL otherwise. */
export class FilePlayback implements FileP2PSession {
  readonly #video: HTMLVideoElement;
  readonly #fileUrl: string;
  readonly #options: ResolvedFileOptions | undefined;
  readonly #deps: ShareDeps;
  readonly #share: FileShare;
  #source: Source = { is: 'none' };
  /** While it is shared, or about to be. */
  #attempt: AbortController | undefined;
  #destroyed = false;

  constructor(video: HTMLVideoElement, fileUrl: string, options: ResolvedFileOptions | string, deps: ShareDeps) {
    this.#video = video;
    this.#fileUrl = fileUrl;
    this.#options = typeof options === 'string' ? undefined : options;
    this.#deps = deps;
    this.#share = new FileShare(options, deps);
    this.#share.onFailure = (because) => this.#goOnPlainly(because);
    // Later, so that a listener added right after attachFileP2P hears of everything.
    queueMicrotask(() => void this.#start());
  }

  get stats(): P2PStats {
    return this.#share.stats;
  }

  on<K extends keyof FileP2PEvents>(event: K, listener: (event: FileP2PEvents[K]) => void): () => void {
    return this.#share.events.on(event, listener);
  }

  setEnabled(on: boolean): void {
    if (this.#destroyed || on === this.#share.isEnabled) return;
    this.#share.change({ enabled: on });
    if (on) void this.#start();
    else this.#leave();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#leave();
    this.#share.change({ destroyed: true });
    this.#share.events.clear();
  }

  async #start(): Promise<void> {
    const options = this.#options;
    if (this.#destroyed || this.#attempt) return;
    if (!options) return this.#goOnPlainly(this.stats.reason ?? 'bad options');
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#attempt = attempt;
    this.#source = { is: 'opening' };
    const { clock } = this.#deps;
    const limit = (ms: number) => clock.after(ms, () => this.#goOnPlainly('sharing was not ready in time'));
    let cancel = limit(options.startWithinMs);
    const failed = (error: unknown) => {
      if (!signal.aborted) this.#goOnPlainly((error as Error).message);
    };
    try {
      const opening = FileHead.open(options.fileUrl, signal);
      const permitted = this.#share.permit();
      const [container, head] = await Promise.all([connectWorker(options.workerUrl), opening, permitted]);
      cancel();
      if (signal.aborted) return;
      // To load the client takes a processor a while; the first picture comes before it.
      const sharing = this.#firstPicture(signal).then(() =>
        this.#share.open('playback', SHARED_WITHIN_MS, signal, opening),
      );
      sharing.catch(failed);
      this.#playShared(container, head, sharing);
      cancel = limit(SHARED_WITHIN_MS);
      await sharing;
    } catch (error) {
      failed(error);
    } finally {
      cancel();
    }
  }

  /** Resolves soon in any case: there may be none before more is there than the head. */
  #firstPicture(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(FIRST_PICTURE_MS, resolve);
      const come = () => {
        cancel();
        resolve();
      };
      this.#video.addEventListener('loadeddata', come, { once: true, signal });
    });
  }

  #playShared(container: Parameters<typeof bridgeFile>[0], head: FileHead, sharing: Promise<OpenFile>): void {
    let readAt = 0;
    let swarm: OpenFile['swarm'] | undefined;
    sharing.then((open) => {
      swarm = open.swarm;
    }, ignore);
    const name = decodeURIComponent(new URL(this.#options?.fileUrl ?? '').pathname.split('/').pop() || 'file');
    const read = (range: FileRange) => new FileReading(head, sharing, range);
    const bridged = bridgeFile(container, { name, length: head.size, type: head.type, read }, (position) => {
      readAt = position;
    });
    const video = this.#video;
    const unwatch = this.#watch(() => {
      if (!swarm) return;
      const bytesPerSecond = head.size / video.duration;
      swarm.aheadSeconds = bytesPerSecond > 0 ? swarm.verifiedFrom(readAt) / bytesPerSecond + bufferedAhead(video) : 0;
    });
    this.#source = { is: 'shared', bridged, unwatch };
    this.#load(bridged.url);
  }

  /** Sees to it that trouble with the shared source ends with the plain one. */
  #watch(look: () => void): () => void {
    const video = this.#video;
    const { clock } = this.#deps;
    let waitsSince: number | undefined;
    const failed = () => this.#goOnPlainly('the video could not read what was shared');
    const waits = () => {
      waitsSince ??= clock.now();
    };
    const goesOn = () => {
      waitsSince = undefined;
    };
    let cancel = clock.after(LOOK_EVERY_MS, tick);
    const isStalled = () => waitsSince !== undefined && clock.now() - waitsSince > STALLED_MS;
    const stalled = () => this.#goOnPlainly('playback stood still');
    function tick(): void {
      cancel = clock.after(LOOK_EVERY_MS, tick);
      look();
      if (isStalled()) stalled();
    }
    // From the beginning: a first frame that never comes is a stall, too.
    waits();
    video.addEventListener('error', failed);
    video.addEventListener('waiting', waits);
    video.addEventListener('seeking', waits);
    for (const name of MOVING) video.addEventListener(name, goesOn);
    return () => {
      cancel();
      video.removeEventListener('error', failed);
      video.removeEventListener('waiting', waits);
      video.removeEventListener('seeking', waits);
      for (const name of MOVING) video.removeEventListener(name, goesOn);
    };
  }

  #goOnPlainly(because: string): void {
    if (this.#destroyed || this.#source.is === 'plain') return;
    this.#leave();
    this.#share.failed(because);
  }

  /** Out of the swarm; what plays goes on where it is. */
  #leave(): void {
    const source = this.#source;
    this.#source = { is: 'plain' };
    this.#attempt?.abort(new Error('ended'));
    this.#attempt = undefined;
    if (source.is === 'shared') {
      source.unwatch();
      source.bridged.close();
    }
    if (source.is !== 'plain') this.#load(this.#fileUrl);
    this.#share.close();
  }

  /** Exchanges the source, and keeps place and speed. */
  #load(url: string): void {
    const video = this.#video;
    const { currentTime, playbackRate, paused, autoplay, currentSrc } = video;
    const wasPlaying = currentSrc !== '' && !paused;
    video.src = url;
    video.playbackRate = playbackRate;
    if (currentTime > 0) video.currentTime = currentTime;
    // A browser that does not allow it says so by leaving it paused.
    if (wasPlaying || autoplay) video.play().catch(() => undefined);
  }
}

const ignore = () => undefined;

/** What ends a wait. */
const MOVING = ['playing', 'canplay', 'seeked', 'pause'] as const;

function bufferedAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let range = 0; range < buffered.length; range++) {
    const [start, end] = [buffered.start(range), buffered.end(range)];
    if (start <= currentTime && currentTime <= end) return end - currentTime;
  }
  return 0;
}
