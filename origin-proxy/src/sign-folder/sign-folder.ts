import { open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { MANIFEST_SUFFIX, MAX_SEGMENT_BYTES } from '@nearcast/protocol';
import { hashParts } from '../integrity/chunk-hashes.ts';
import { signManifest } from '../integrity/manifest.ts';
import type { SigningKeys } from '../integrity/signing-keys.ts';
import { type MediaReference, readPlaylist } from '../playlist/read-playlist.ts';

export interface SignedFolder {
  readonly manifests: number;
  readonly bytes: number;
  /** Files that playlists use by byte ranges: a static server cannot tell the manifests of the ranges apart. */
  readonly ranged: readonly string[];
}

/**
 * Writes a manifest beside every file that a playlist below `folder` names, for sites that another CDN serves.
 * @param pathPrefix where viewers find the folder: its path on the site ([I1] is about paths)
 * @throws {Error} with one sentence, when there is no playlist, or a file that one names is missing or no segment
 */
export async function signFolder(folder: string, pathPrefix: string, keys: SigningKeys): Promise<SignedFolder> {
  const { files, ranged } = await namedFiles(resolve(folder));
  let bytes = 0;
  for (const file of files) {
    const { size, hashes } = await hashFile(file);
    const path = pathPrefix + relative(resolve(folder), file).split(sep).map(encodeURIComponent).join('/');
    await writeWhole(file + MANIFEST_SUFFIX, signManifest({ path, size, hashes }, keys));
    bytes += size;
  }
  return { manifests: files.length, bytes, ranged };
}

async function namedFiles(root: string): Promise<{ files: string[]; ranged: string[] }> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const playlists = entries.filter((entry) => entry.isFile() && /\.m3u8?$/i.test(entry.name));
  if (playlists.length === 0) throw new Error(`there is no playlist (.m3u8) in ${root}`);
  const [files, ranged] = [new Set<string>(), new Set<string>()];
  for (const { parentPath, name } of playlists) {
    const playlist = readPlaylist(await readFile(join(parentPath, name), 'utf8'));
    if (playlist.is !== 'media') continue;
    for (const reference of [...playlist.maps, ...playlist.segments, ...playlist.parts]) {
      const file = fileOf(reference, join(parentPath, name), root);
      if (file !== undefined) (reference.range ? ranged : files).add(file);
    }
  }
  return { files: [...files].sort(), ranged: [...ranged].sort() };
}

/** `undefined` for what is not in the folder. */
function fileOf({ uri }: MediaReference, playlist: string, root: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(uri)) return undefined;
  const file = resolve(dirname(playlist), decodeURIComponent(uri.replace(/[?#].*$/, '')));
  return file.startsWith(root + sep) ? file : undefined;
}

async function hashFile(file: string): Promise<{ size: number; hashes: Buffer }> {
  const handle = await open(file).catch(() => {
    throw new Error(`a playlist names ${file}, which cannot be read`);
  });
  const { size } = await handle.stat();
  if (size === 0 || size > MAX_SEGMENT_BYTES) {
    await handle.close();
    throw new Error(`${file} is ${size === 0 ? 'empty' : 'too large for a segment'}`);
  }
  // Closes the file at its end.
  const hashes = await hashParts(handle.createReadStream({ end: size - 1 }), size);
  if (!hashes) throw new Error(`${file} became shorter while it was read`);
  return { size, hashes };
}

/** Nobody is to fetch half a manifest. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
}
