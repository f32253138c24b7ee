import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import express from 'express';
import { build } from 'vite';
import { buildPlugin } from '../plugin-size/build-plugin.ts';

/** A site with hls.js in its hands: `player-page`, built and served. Its plugin is the published one, shortened names and all. */
export async function openPlayerSite(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const host = '127.0.0.1';
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-player-'));
  const published = await mkdtemp(join(tmpdir(), 'nearcast-plugin-'));
  await buildPlugin(published);
  await build({
    root: new URL('player-page', import.meta.url).pathname,
    configFile: false,
    logLevel: 'warn',
    resolve: {
      conditions: ['@nearcast/source', 'p2pml:core-as-bundle', 'browser', 'module', 'import', 'default'],
      alias: [{ find: /^@nearcast\/player-plugin$/, replacement: join(published, 'index.js') }],
    },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 2000 },
  });
  const site = createServer(express().use(express.static(folder)));
  await listen(site, 0, host);
  async function close(): Promise<void> {
    await closeServer(site, 0);
    await rm(folder, { recursive: true });
    await rm(published, { recursive: true });
  }
  return { url: `http://${host}:${portOf(site)}/`, close };
}
