import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the player plugin as it is published, but for its types, with source maps. */
export async function buildPlugin(folder: string): Promise<void> {
  const tsdown = `${root}node_modules/.bin/tsdown`;
  await promisify(execFile)(tsdown, ['--sourcemap', '--no-dts', '--out-dir', folder], { cwd: `${root}player-plugin` });
}
