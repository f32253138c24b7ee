import { access, constants, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { adminApp, closeServer, listen, portOf } from '@nearcast/service-kit';
import express from 'express';
import { MemoryStore } from './cache/memory-store.ts';
import { type Clock, systemClock } from './clock.ts';
import { defaults, type EdgeConfig } from './config.ts';
import { cors } from './http/cors.ts';
import { mediaHandler } from './http/pipeline.ts';
import { createMetrics, type EdgeMetrics } from './metrics/metrics.ts';
import { Collapse } from './origin/collapse.ts';
import { DirectoryOrigin } from './origin/directory-origin.ts';
import type { Fill } from './origin/fill.ts';
import { HttpOrigin } from './origin/http-origin.ts';
import type { Origin } from './origin/origin.ts';

export type { EdgeConfig } from './config.ts';

export interface Edge {
  /** Where it listens; useful when the configured port was 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Lets running responses end for a moment, then closes. */
  close(): Promise<void>;
}

const originTimeouts = { connectMs: 5_000, headersMs: 15_000, bodyMs: 15_000 };
const CLOSE_WITHIN_MS = 5_000;

/**
 * @throws {Error} with one sentence when the origin is neither an http(s) URL nor a readable folder
 * @throws when a port cannot be had: the error of `listen`, with `code` EADDRINUSE or EACCES
 */
export async function startEdge(
  given: Partial<EdgeConfig> & Pick<EdgeConfig, 'origin'>,
  deps: { clock: Clock } = { clock: systemClock },
): Promise<Edge> {
  const config = { ...defaults, ...given };
  const origin = await openOrigin(config.origin);
  let closing = false;
  const store: MemoryStore = new MemoryStore(config.memorySize, () => metrics.evictions.inc());
  const metrics: EdgeMetrics = createMetrics(() => store.bytes);
  const app = express().disable('x-powered-by').disable('etag');
  app.use(cors, mediaHandler({ origin, store, fills: new Collapse<Fill>(), metrics, clock: deps.clock }));
  const server = createServer(app);
  const adminServer = createServer(adminApp(metrics.registry, () => !closing));

  async function close(): Promise<void> {
    closing = true;
    await Promise.all([closeServer(server, CLOSE_WITHIN_MS), closeServer(adminServer, 0)]);
    await origin.close();
  }

  try {
    await listen(server, config.port, config.host);
    await listen(adminServer, config.adminPort, config.adminHost);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: portOf(server), adminPort: portOf(adminServer), close };
}

async function openOrigin(given: string): Promise<Origin> {
  if (/^https?:/i.test(given)) {
    if (!URL.canParse(given)) throw new Error(`--origin ${given} is not a URL`);
    return new HttpOrigin(new URL(given), originTimeouts);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) throw new Error(`--origin ${given} must begin with http:// or https://`);
  const folder = resolve(given);
  const found = await stat(folder).catch(() => undefined);
  if (!found) throw new Error(`--origin ${given}: there is no such folder`);
  if (!found.isDirectory()) throw new Error(`--origin ${given} is not a folder`);
  await access(folder, constants.R_OK | constants.X_OK).catch(() => {
    throw new Error(`--origin ${given} cannot be read`);
  });
  return new DirectoryOrigin(folder);
}
