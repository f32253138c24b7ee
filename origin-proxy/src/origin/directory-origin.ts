import { open } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { lookup } from 'mime-types';
import { type Origin, OriginError, type OriginResponse } from './origin.ts';

/** An origin that is a folder of this machine. */
export class DirectoryOrigin implements Origin {
  readonly #root: string;

  constructor(root: string) {
    this.#root = normalize(root + sep);
  }

  async get(target: string): Promise<OriginResponse> {
    const file = this.#fileOf(target);
    const notFound = { status: 404, headers: {}, body: emptyBody() };
    try {
      const handle = await open(file);
      const stats = await handle.stat();
      if (!stats.isFile()) {
        await handle.close();
        return notFound;
      }
      const headers = {
        'content-length': String(stats.size),
        'content-type': lookup(file) || 'application/octet-stream',
        'last-modified': stats.mtime.toUTCString(),
        etag: `"${stats.size.toString(16)}-${Math.trunc(stats.mtimeMs).toString(16)}"`,
      };
      return { status: 200, headers, body: handle.createReadStream({ highWaterMark: 256 * 1024 }) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return notFound;
      throw OriginError.unreachable(error);
    }
  }

  async close(): Promise<void> {}

  #fileOf(target: string): string {
    let path: string;
    try {
      path = decodeURIComponent(target.split('?', 1)[0] ?? '');
    } catch {
      throw OriginError.forbiddenPath();
    }
    const file = join(this.#root, path);
    if (path.includes('\0') || !file.startsWith(this.#root)) throw OriginError.forbiddenPath();
    return file;
  }
}

async function* emptyBody(): AsyncIterable<Uint8Array> {}
