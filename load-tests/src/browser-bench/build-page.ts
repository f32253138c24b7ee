import { build } from 'vite';

const page = new URL('page', import.meta.url).pathname;

/** Bundles the viewers' page from the sources as they are now. @returns the folder to serve */
export async function buildPage(outDir: string): Promise<string> {
  await build({
    root: page,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@nearcast/source', 'p2pml:core-as-bundle', 'browser', 'module', 'import', 'default'] },
    build: { outDir, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 2000 },
  });
  return outDir;
}
