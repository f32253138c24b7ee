import { createServer, type Server } from 'node:http';
import { adminApp } from '@nearcast/service-kit';
import type { Registry } from 'prom-client';
import { addBlocking, type SwarmBlocking } from './access/blocked-routes.ts';
import type { LiveConsole } from './console/console.ts';
import { addConsole } from './console/console-routes.ts';

export interface AdminParts {
  readonly registry: Registry;
  readonly isReady: () => boolean;
  readonly liveConsole: LiveConsole;
  readonly blocking: SwarmBlocking;
  /** What console and blocking ask for; without it, whoever reaches the port may. */
  readonly adminToken: string | undefined;
}

/** What operators see: metrics, health, the console, and the list of blocked swarms. */
export function adminServer({ registry, isReady, liveConsole, blocking, adminToken }: AdminParts): Server {
  const app = adminApp(registry, isReady);
  addConsole(app, liveConsole, adminToken);
  addBlocking(app, blocking, adminToken);
  return createServer(app);
}
