import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DiskFiles } from '../cache/disk-files.ts';
import { infoHashOf } from './metainfo.ts';

/** A torrent that was made, without its hashes. */
export interface Published {
  readonly key: string;
  readonly path: string;
  /** Of the file that was hashed: another version needs another torrent. */
  readonly version: string;
  readonly name: string;
  readonly size: number;
  readonly infoHash: string;
}

/** Torrents whose files are remembered as published. */
const MAX_PUBLISHED = 100_000;
/** Their hashes that are kept in memory; the others are on disk, or made again. */
const MAX_INFO_BYTES = 64 * 1024 ** 2;
/** Longer than the line that begins a record: a key has at most 8,000 characters. */
const HEAD_BYTES = 32 * 1024;

/** The torrents that were made. On disk, where there is a folder, each is a line of JSON and then its `info`. */
export class TorrentShelf {
  readonly #files: DiskFiles | undefined;
  readonly #published: LRUCache<string, Published>;
  readonly #infos = new LRUCache<string, Buffer>({
    maxSize: MAX_INFO_BYTES,
    sizeCalculation: (info) => info.byteLength,
  });
  /** Counts what changes the set of infohashes. */
  #revision = 0;

  constructor(files?: DiskFiles) {
    this.#files = files;
    this.#published = new LRUCache({
      max: MAX_PUBLISHED,
      dispose: ({ key }, _key, reason) => {
        this.#revision += 1;
        if (reason === 'evict' || reason === 'delete') void this.#files?.remove(nameOf(key));
      },
    });
  }

  /** Reads what earlier runs have published. @throws {Error} when the folder cannot be used */
  async load(): Promise<void> {
    if (!this.#files) return;
    await this.#files.prepare();
    for await (const { name } of this.#files.list()) {
      const head = parseRecord(await this.#files.read(name, HEAD_BYTES))?.published;
      if (head && nameOf(head.key) === name) this.#published.set(head.key, head);
      else await this.#files.remove(name);
    }
  }

  get published(): Published[] {
    return [...this.#published.values()];
  }

  get count(): number {
    return this.#published.size;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The torrent of this very version, with its bencoded `info`. */
  async find(key: string, version: string): Promise<{ published: Published; info: Buffer } | undefined> {
    const published = this.#published.get(key);
    if (published?.version !== version) return undefined;
    const info = this.#infos.get(published.infoHash) ?? (await this.#readInfo(published));
    if (!info) return undefined;
    this.#infos.set(published.infoHash, info);
    return { published, info };
  }

  /** @throws the error of the file system when it cannot be kept on disk; in memory it is */
  async put(published: Published, info: Buffer): Promise<void> {
    this.#infos.set(published.infoHash, info);
    this.#published.set(published.key, published);
    this.#revision += 1;
    await this.#files?.write(nameOf(published.key), [Buffer.from(`${JSON.stringify(published)}\n`), info]);
  }

  /** @returns how many are not published any more */
  forget(prefix: string): number {
    const keys = [...this.#published.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.#published.delete(key);
    return keys.length;
  }

  async #readInfo({ key, infoHash }: Published): Promise<Buffer | undefined> {
    const record = parseRecord(await this.#files?.read(nameOf(key)));
    // A torn or altered record is as good as none.
    return record && infoHashOf(record.info) === infoHash ? record.info : undefined;
  }
}

function nameOf(key: string): string {
  const name = hash('sha256', key, 'hex');
  return `${name.slice(0, 2)}/${name}`;
}

function parseRecord(bytes: Buffer | undefined): { published: Published; info: Buffer } | undefined {
  const lineEnd = bytes?.indexOf(0x0a) ?? -1;
  if (!bytes || lineEnd < 0) return undefined;
  try {
    const published = JSON.parse(bytes.toString('utf8', 0, lineEnd)) as Published;
    const texts = [published.key, published.path, published.version, published.name, published.infoHash];
    if (!texts.every((text) => typeof text === 'string') || !Number.isSafeInteger(published.size)) return undefined;
    return { published, info: bytes.subarray(lineEnd + 1) };
  } catch {
    return undefined;
  }
}
