import { type FileHandle, open } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { lookup } from 'mime-types';
import parseRange from 'range-parser';
import { isKeyPath } from '../cache/object-kind.ts';
import { type Origin, OriginError, type OriginRequest, type OriginResponse } from './origin.ts';

const PIECE_BYTES = 256 * 1024;

/** An origin that is a folder of this machine. It answers as a web server would: validators, conditions, byte ranges. */
export class DirectoryOrigin implements Origin {
  readonly #root: string;

  constructor(root: string) {
    this.#root = normalize(root + sep);
  }

  async get({ target, headers }: OriginRequest): Promise<OriginResponse> {
    const file = this.#fileOf(target);
    const handle = await openFile(file);
    if (!handle) return answer(404, {});
    const { size, mtimeMs, mtime } = await handle.stat();
    const etag = `"${size.toString(16)}-${Math.trunc(mtimeMs).toString(16)}"`;
    const about = { etag, 'last-modified': mtime.toUTCString(), 'accept-ranges': 'bytes' };
    if (headers['if-none-match'] === etag) {
      await handle.close();
      return answer(304, about);
    }
    const range = rangeOf(headers, size, etag);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const described = {
      ...about,
      // By its name a key would be a presentation of Apple Keynote.
      'content-type': (!isKeyPath(file) && lookup(file)) || 'application/octet-stream',
      'content-length': String(end - start + 1),
      ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
    };
    const body = readUnchanged(handle, start, end, mtimeMs);
    const cancel = () => void body.return(undefined).then(() => handle.close());
    return { ...answer(range ? 206 : 200, described), body, cancel };
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

function answer(status: number, headers: Record<string, string>): OriginResponse {
  return { status, headers, body: emptyBody(), endIsMarked: true, cancel: () => undefined };
}

async function* emptyBody(): AsyncIterable<Uint8Array> {}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EISDIR', 'ELOOP']);

/** `undefined` for whatever is no file. */
async function openFile(file: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw OriginError.unreachable(error);
  }
}

function rangeOf(headers: OriginRequest['headers'], size: number, etag: string) {
  if (headers.range === undefined || (headers['if-range'] !== undefined && headers['if-range'] !== etag))
    return undefined;
  const ranges = parseRange(size, headers.range);
  return typeof ranges === 'number' ? undefined : ranges[0];
}

/** A file that is written to while it is read gives a mixture of both; that must not pass for either. */
async function* readUnchanged(handle: FileHandle, start: number, end: number, mtimeMs: number): AsyncGenerator<Buffer> {
  try {
    for (let at = start; at <= end; ) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end + 1 - at));
      const { bytesRead } = await handle.read(piece, 0, piece.byteLength, at);
      if (bytesRead === 0) throw OriginError.brokenOff(at - start, end + 1 - start);
      at += bytesRead;
      if (at > end && (await handle.stat()).mtimeMs !== mtimeMs) throw OriginError.changed();
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
