import { hash } from 'node:crypto';
import type { Ask } from '../cache/ask.ts';
import { ArrivingContent, type Content, WholeContent } from '../cache/content.ts';
import type { MediaCache } from '../cache/media-cache.ts';
import { hashPieces } from './hash-pieces.ts';
import { type JobLimits, JobQueue, type JobState } from './job-queue.ts';
import { encodeInfo, infoHashOf } from './metainfo.ts';
import { NoTorrent } from './no-torrent.ts';
import { pieceLengthFor } from './piece-length.ts';
import type { Published, TorrentShelf } from './torrent-shelf.ts';

export interface TorrentRules {
  readonly isPrivate: boolean;
  /** Larger files have no torrents. */
  readonly maxBytes: number;
  readonly jobs: JobLimits;
}

export interface TorrentsDeps {
  readonly cache: MediaCache;
  readonly shelf: TorrentShelf;
  readonly events: {
    hashed(bytes: number): void;
    made(): void;
    /** It was made, but could not be kept on disk. */
    unwritten(error: Error): void;
  };
}

export interface MadeTorrent {
  readonly published: Published;
  readonly info: Buffer;
}

/** The torrents of files: each made once for each version of its file, from the cache, as a job. */
export class Torrents {
  readonly #rules: TorrentRules;
  readonly #deps: TorrentsDeps;
  readonly #queue: JobQueue<MadeTorrent>;

  constructor(rules: TorrentRules, deps: TorrentsDeps) {
    this.#rules = rules;
    this.#deps = deps;
    this.#queue = new JobQueue(rules.jobs);
  }

  get jobs(): JobState[] {
    return this.#queue.jobs;
  }

  get jobCounts(): { running: number; waiting: number } {
    const running = this.jobs.filter((job) => job.is === 'running').length;
    return { running, waiting: this.jobs.length - running };
  }

  /**
   * Waits for its making for as long as `patience` does; the job goes on.
   * @throws {NoTorrent} @throws {OriginError} when the file cannot be had
   */
  async of(ask: Ask, patience: Promise<unknown>): Promise<MadeTorrent> {
    const torrent = this.#queue.find(ask.key) ?? this.#findOrMake(ask);
    const found = await Promise.race([torrent, patience.then(() => undefined)]);
    if (!found) throw NoTorrent.beingMade(this.#queue.progressOf(ask.key));
    return found;
  }

  async #findOrMake(ask: Ask): Promise<MadeTorrent> {
    const { version, size } = await this.#read(ask, async (_content, known) => known);
    const made = await this.#deps.shelf.find(ask.key, version);
    if (made) return made;
    const job =
      this.#queue.find(ask.key) ?? this.#queue.start(ask.key, size, (progressed) => this.#make(ask, progressed));
    if (!job) throw NoTorrent.busy();
    return await job;
  }

  #make(ask: Ask, progressed: (bytes: number) => void): Promise<MadeTorrent> {
    return this.#read(ask, async (content, { version, size }) => {
      const { events, shelf } = this.#deps;
      const name = nameOf(ask.path);
      const pieceBytes = pieceLengthFor(size);
      let counted = 0;
      const { pieces, bytes } = await hashPieces(content.read(0, size), pieceBytes, (done) => {
        events.hashed(done - counted);
        counted = done;
        progressed(done);
      });
      if (bytes !== size) throw NoTorrent.changed();
      const info = encodeInfo({ name, size, pieceBytes, pieces, isPrivate: this.#rules.isPrivate });
      const published = { key: ask.key, path: ask.path, version, name, size, infoHash: infoHashOf(info) };
      await shelf.put(published, info).catch((error: Error) => events.unwritten(error));
      events.made();
      return { published, info };
    });
  }

  /** @throws {NoTorrent} */
  async #read<T>(ask: Ask, use: (content: Content, version: Version) => Promise<T>): Promise<T> {
    const { content } = await this.#deps.cache.open(ask);
    try {
      this.#checkSuitable(content);
      const version = await versionOf(content);
      this.#checkSize(version.size);
      return await use(content, version);
    } finally {
      content.close();
    }
  }

  /** @throws {NoTorrent} */
  #checkSuitable(content: Content): void {
    const { status, kind, headers } = content.head;
    if (status !== 200) throw NoTorrent.noFile(`the origin answered ${status}`, status);
    if (kind === 'playlist') throw NoTorrent.noFile('playlists have no torrent');
    if (content.isPassed) throw NoTorrent.unsuitable('not-cacheable', 'the origin does not let this be cached');
    // A browser decodes before anybody sees the bytes; the hashes would be of others.
    if (headers['content-encoding'] !== undefined) {
      throw NoTorrent.unsuitable('encoded', 'the origin sends this encoded');
    }
    if (content instanceof ArrivingContent && !content.isProven) {
      throw NoTorrent.unsuitable('unproven', 'the origin does not mark where this ends');
    }
    // Before waiting for all of a body that says its size.
    if (content.size !== undefined) this.#checkSize(content.size);
  }

  /** @throws {NoTorrent} */
  #checkSize(size: number): void {
    if (size === 0) throw NoTorrent.noFile('the file is empty');
    if (size > this.#rules.maxBytes) throw NoTorrent.tooLarge(this.#rules.maxBytes);
  }
}

interface Version {
  readonly version: string;
  readonly size: number;
}

async function versionOf(content: Content): Promise<Version> {
  const size = content.size ?? (await content.arrival(Number.POSITIVE_INFINITY));
  const { etag, 'last-modified': lastModified } = content.head.headers;
  if (etag !== undefined || lastModified !== undefined) {
    return { version: JSON.stringify([size, etag, lastModified]), size };
  }
  const hashes = await hashesOf(content);
  if (!hashes) {
    throw NoTorrent.unsuitable('unversioned', 'the origin gives neither ETag nor Last-Modified, and this is large');
  }
  return { version: hash('sha256', hashes, 'base64url'), size };
}

async function hashesOf(content: Content): Promise<Buffer | undefined> {
  if (content instanceof WholeContent) return content.object.hashes;
  return content instanceof ArrivingContent ? (await content.fill.whole)?.hashes : undefined;
}

/** The last part of the path, as people read it. */
function nameOf(path: string): string {
  const name = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  if (name === '') throw NoTorrent.noFile('a folder has no torrent');
  // Decoding may bring a separator back; a client must not make folders of it.
  return name.replace(/[/\\]/g, '_');
}
