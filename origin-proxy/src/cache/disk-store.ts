import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { hashChunks } from '../integrity/chunk-hashes.ts';
import type { CacheStore } from './cache-store.ts';
import { bytesOf, type CachedObject } from './cached-object.ts';
import type { DiskFile, DiskFiles } from './disk-files.ts';
import { DESCRIPTION_READ_BYTES, decodeRecord, encodeRecord, readDescription } from './disk-record.ts';

interface Entry {
  readonly file: string;
  readonly bytes: number;
  /** Written or checked by this process: its hashes need no second look. */
  isChecked: boolean;
}

/** What happened that an operator may want to know. */
export interface DiskEvents {
  evicted(): void;
  /** An object was not written: the disk is full or broken, or slower than the origin. */
  notWritten(because: 'full' | 'error' | 'busy'): void;
  /** A file was torn or altered, and is gone. */
  damaged(): void;
}

/** Bodies that wait to be written; what comes on top is not kept on disk rather than piled up in memory. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** How much is thrown out when the disk is full before its bound is reached. */
const MAKE_ROOM_FACTOR = 4;

/** Objects in files that outlive the process. One writes at a time: the disk is one, and the last write of a key wins. */
export class DiskStore implements CacheStore {
  readonly #files: DiskFiles;
  readonly #events: DiskEvents;
  readonly #index: LRUCache<string, Entry>;
  /** Files of objects that are not in the index any more. */
  readonly #unwanted = new Set<string>();
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #isLoaded = false;
  readonly #loaded: Promise<void>;

  /** Objects of earlier runs are found at once; they are counted as soon as their files have been listed. */
  constructor(files: DiskFiles, maxBytes: number, events: DiskEvents) {
    this.#files = files;
    this.#events = events;
    this.#index = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: ({ file }, _key, reason) => {
        if (reason === 'set') return; // the new one has the same name
        if (reason === 'evict') events.evicted();
        this.#unwanted.add(file);
        // Once what happens now is over; all that are unwanted by then go together.
        if (this.#unwanted.size === 1) void this.#then(async () => undefined);
      },
    });
    this.#loaded = this.#load().catch(() => undefined);
  }

  get bytes(): number {
    return this.#index.calculatedSize;
  }

  /** For the end: resolves when all that was to be written is, and what was to be removed is gone. */
  async settled(): Promise<void> {
    await this.#loaded;
    for (let last: unknown; last !== this.#writing; await last) last = this.#writing;
  }

  async get(key: string): Promise<CachedObject | undefined> {
    const entry = this.#index.get(key);
    if (!entry && this.#isLoaded) return undefined;
    const file = entry?.file ?? nameOf(key);
    const bytes = await this.#files.read(file);
    if (!bytes) {
      this.#index.delete(key);
      return undefined;
    }
    const object = decodeRecord(bytes);
    if (object?.key === key && (entry?.isChecked || (await isIntact(object)))) {
      if (entry) entry.isChecked = true;
      return object;
    }
    this.#events.damaged();
    this.#index.delete(key);
    await this.#files.remove(file);
    return undefined;
  }

  set(object: CachedObject): Promise<void> {
    const bytes = bytesOf(object);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES && this.#waitingBytes > 0) {
      this.#events.notWritten('busy');
      return this.delete(object.key);
    }
    this.#waitingBytes += bytes;
    return this.#then(async () => {
      await this.#write(object);
      this.#waitingBytes -= bytes;
    });
  }

  delete(key: string): Promise<void> {
    return this.#then(async () => {
      if (!this.#index.delete(key) && !this.#isLoaded) await this.#files.remove(nameOf(key));
    });
  }

  async purge(prefix: string): Promise<number> {
    // What is to be written by now, and what has not been listed yet, is to go as well.
    await this.#loaded;
    await this.#writing;
    const keys = [...this.#index.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.#index.delete(key);
    await this.#writing;
    return keys.length;
  }

  async #write(object: CachedObject): Promise<void> {
    const file = nameOf(object.key);
    const parts = encodeRecord(object);
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    try {
      await this.#files.write(file, parts);
      this.#unwanted.delete(file);
      this.#index.set(object.key, { file, bytes, isChecked: true });
      if (!this.#index.has(object.key)) await this.#files.remove(file); // larger than all the room there is
    } catch (error) {
      const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
      this.#events.notWritten(isFull ? 'full' : 'error');
      this.#index.delete(object.key);
      if (isFull) this.#makeRoom(MAKE_ROOM_FACTOR * bytes);
    }
  }

  #makeRoom(bytes: number): void {
    const target = this.#index.calculatedSize - bytes;
    while (this.#index.size > 0 && this.#index.calculatedSize > target) this.#index.pop();
  }

  /** One after the other; a failure is its own caller's. */
  #then(run: () => Promise<unknown>): Promise<void> {
    const done = this.#writing.then(run).then(() => undefined);
    this.#writing = done.catch(() => undefined).then(() => this.#removeUnwanted());
    return done;
  }

  async #removeUnwanted(): Promise<void> {
    for (const file of this.#unwanted) {
      await this.#files.remove(file);
      this.#unwanted.delete(file);
    }
  }

  async #load(): Promise<void> {
    const found: DiskFile[] = [];
    for await (const file of this.#files.list()) found.push(file);
    // Oldest first: the order in which they are evicted.
    for (const file of found.sort((a, b) => a.writtenAt - b.writtenAt)) {
      const key = await this.#keyOf(file);
      if (key === undefined || nameOf(key) !== file.name) await this.#files.remove(file.name);
      else if (!this.#index.has(key)) this.#index.set(key, { file: file.name, bytes: file.bytes, isChecked: false });
    }
    this.#isLoaded = true;
  }

  async #keyOf({ name, bytes }: DiskFile): Promise<string | undefined> {
    for (let length = DESCRIPTION_READ_BYTES; ; ) {
      const beginning = await this.#files.read(name, length);
      const read = beginning && readDescription(beginning, bytes);
      if (!read) return undefined;
      if ('description' in read) return read.description.key;
      length = read.needs;
    }
  }
}

function nameOf(key: string): string {
  const digest = createHash('sha256').update(key).digest('hex');
  return `${digest.slice(0, 2)}/${digest.slice(2)}`;
}

async function isIntact(object: CachedObject): Promise<boolean> {
  return object.is !== 'whole' || (await hashChunks(object.body)).equals(object.hashes);
}
