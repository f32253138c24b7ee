import { createServer, type Server } from 'node:http';
import express from 'express';
import { build } from 'vite';

/** What the page must know of the rest. */
export interface SiteSettings {
  readonly trackerPort: number;
  readonly edgePort: number;
  readonly trackerAdminPort: number;
  readonly edgeAdminPort: number;
}

const page = new URL('../page', import.meta.url).pathname;
const built = new URL('../dist', import.meta.url).pathname;

/** Bundles the page from its sources, hls.js and the plugin included. */
export async function buildPage(): Promise<void> {
  await build({
    root: page,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@nearcast/source', 'p2pml:core-as-bundle', 'browser', 'module', 'import', 'default'] },
    build: { outDir: built, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  });
}

/** Bundles the tracker's console, which its admin port serves. */
export async function buildConsole(): Promise<void> {
  await build({
    root: new URL('../../tracker/console', import.meta.url).pathname,
    base: './',
    configFile: false,
    logLevel: 'warn',
  });
}

/** The web site: the bundled page, and where it finds tracker and edge. */
export function site(settings: SiteSettings): Server {
  const app = express().disable('x-powered-by');
  app.get('/settings.json', (_request, response) => {
    response.json(settings);
  });
  app.use(express.static(built));
  return createServer(app);
}
