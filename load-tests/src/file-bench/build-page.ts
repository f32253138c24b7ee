import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const page = new URL('page', import.meta.url).pathname;
const worker = fileURLToPath(import.meta.resolve('@nearcast/player-plugin/files-worker'));

/** Bundles the viewers' page and the service worker from the sources as they are now. @returns the folder to serve */
export async function buildPage(outDir: string): Promise<string> {
  const common = { configFile: false, logLevel: 'warn' } as const;
  await build({
    ...common,
    root: page,
    resolve: { conditions: ['@nearcast/source', 'p2pml:core-as-bundle', 'browser', 'module', 'import', 'default'] },
    build: { outDir, emptyOutDir: true, target: 'es2022' },
  });
  await build({
    ...common,
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: worker, formats: ['iife'], name: 'worker', fileName: () => 'nearcast-files-worker.js' },
    },
  });
  return outDir;
}
