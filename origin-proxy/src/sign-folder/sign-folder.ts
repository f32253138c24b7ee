import { open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type ByteRange, MAX_SEGMENT_BYTES, manifestSuffix } from '@nearcast/protocol';
import { hashParts } from '../integrity/chunk-hashes.ts';
import { signManifest } from '../integrity/manifest.ts';
import type { SigningKeys } from '../integrity/signing-keys.ts';
import { type MediaReference, readPlaylist } from '../playlist/read-playlist.ts';

export interface SignedFolder {
  readonly manifests: number;
  readonly bytes: number;
}

/** A file, or a byte range of one, that is a segment. */
interface SegmentFile {
  readonly file: string;
  readonly range?: ByteRange;
}

/**
 * Writes manifests of all segments that playlists below `folder` name, beside them, for sites that another CDN serves.
 * @param pathPrefix where viewers find the folder: its path on the site ([I1] is about paths)
 * @throws {Error} with one sentence, when there is no playlist, or a file that one names is missing or no segment
 */
export async function signFolder(folder: string, pathPrefix: string, keys: SigningKeys): Promise<SignedFolder> {
  const segments = await namedSegments(resolve(folder));
  let bytes = 0;
  for (const [at, segment] of segments) {
    const { file, range } = segment;
    const { size, hashes } = await hashSegment(segment);
    const path = pathPrefix + relative(resolve(folder), file).split(sep).map(encodeURIComponent).join('/');
    await writeWhole(at, signManifest({ path, ...(range && { range }), size, hashes }, keys));
    bytes += size;
  }
  return { manifests: segments.size, bytes };
}

/** By the file that its manifest will be. */
async function namedSegments(root: string): Promise<Map<string, SegmentFile>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const playlists = entries.filter((entry) => entry.isFile() && /\.m3u8?$/i.test(entry.name));
  if (playlists.length === 0) throw new Error(`there is no playlist (.m3u8) in ${root}`);
  const segments = new Map<string, SegmentFile>();
  for (const { parentPath, name } of playlists) {
    const playlist = readPlaylist(await readFile(join(parentPath, name), 'utf8'));
    if (playlist.is !== 'media') continue;
    for (const reference of [...playlist.maps, ...playlist.segments, ...playlist.parts]) {
      const file = fileOf(reference, join(parentPath, name), root);
      const { range } = reference;
      if (file !== undefined) segments.set(file + manifestSuffix(range), { file, ...(range && { range }) });
    }
  }
  return segments;
}

/** `undefined` for what is not in the folder. */
function fileOf({ uri }: MediaReference, playlist: string, root: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(uri)) return undefined;
  const file = resolve(dirname(playlist), decodeURIComponent(uri.replace(/[?#].*$/, '')));
  return file.startsWith(root + sep) ? file : undefined;
}

async function hashSegment({ file, range }: SegmentFile): Promise<{ size: number; hashes: Buffer }> {
  const handle = await open(file).catch(() => {
    throw new Error(`a playlist names ${file}, which cannot be read`);
  });
  const { size: fileSize } = await handle.stat();
  const { start, end } = range ?? { start: 0, end: fileSize };
  const size = end - start;
  const wrong = whatIsWrong(fileSize, { start, end });
  if (wrong !== undefined) {
    await handle.close();
    throw new Error(`${file} ${wrong}`);
  }
  // Closes the file at its end.
  const hashes = await hashParts(handle.createReadStream({ start, end: end - 1 }), size);
  if (!hashes) throw new Error(`${file} became shorter while it was read`);
  return { size, hashes };
}

function whatIsWrong(fileSize: number, { start, end }: ByteRange): string | undefined {
  if (fileSize === 0) return 'is empty';
  if (end > fileSize) return `ends before byte ${end}, which a playlist names`;
  return end - start > MAX_SEGMENT_BYTES ? 'is too large for a segment' : undefined;
}

/** Nobody is to fetch half a manifest. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
}
