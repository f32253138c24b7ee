import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allocateBody } from './body-memory.ts';

export interface DiskFile {
  readonly name: string;
  readonly bytes: number;
  /** ms since 1970 */
  readonly writtenAt: number;
}

const UNFINISHED = 'unfinished';

/**
 * Files that are there whole or not at all: each is written beside and then renamed, so that killing the process at any
 * moment leaves at worst an unfinished one, which the next start removes. It is not synced: after a power failure a file
 * may have holes, and whoever reads it checks its hashes anyway.
 */
export class DiskFiles {
  readonly #folder: string;
  readonly #openFile: typeof open;

  /** @param openFile where tests let writing fail */
  constructor(folder: string, openFile: typeof open = open) {
    this.#folder = folder;
    this.#openFile = openFile;
  }

  /** @throws {Error} when the folder cannot be made or written to */
  async prepare(): Promise<void> {
    await rm(join(this.#folder, UNFINISHED), { recursive: true, force: true });
    await mkdir(join(this.#folder, UNFINISHED), { recursive: true });
  }

  /** @throws the error of the file system; ENOSPC when it is full */
  async write(name: string, parts: readonly Uint8Array[]): Promise<void> {
    const unfinished = join(this.#folder, UNFINISHED, randomUUID());
    try {
      const handle = await this.#openFile(unfinished, 'wx', 0o600);
      try {
        for (const part of parts) await writeAll(handle, part);
      } finally {
        await handle.close();
      }
      const file = join(this.#folder, name);
      await mkdir(dirname(file), { recursive: true });
      await rename(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** @returns the first `maxBytes` of it, or `undefined` when there is none */
  async read(name: string, maxBytes?: number): Promise<Buffer | undefined> {
    let handle: FileHandle;
    try {
      handle = await this.#openFile(join(this.#folder, name), 'r');
    } catch {
      return undefined;
    }
    try {
      const size = Math.min((await handle.stat()).size, maxBytes ?? Number.POSITIVE_INFINITY);
      const bytes = allocateBody(size);
      let at = 0;
      for (let read = -1; at < size && read !== 0; at += read) {
        read = (await handle.read(bytes, at, size - at, at)).bytesRead;
      }
      return bytes.subarray(0, at);
    } catch {
      return undefined;
    } finally {
      await handle.close();
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
  }

  /** All of them, in any order. */
  async *list(): AsyncIterable<DiskFile> {
    for (const entry of await readdir(this.#folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === UNFINISHED) continue;
      for (const file of await readdir(join(this.#folder, entry.name))) {
        const name = `${entry.name}/${file}`;
        const found = await stat(join(this.#folder, name)).catch(() => undefined);
        if (found?.isFile()) yield { name, bytes: found.size, writtenAt: found.mtimeMs };
      }
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await handle.write(bytes, at, bytes.byteLength - at)).bytesWritten;
}
