#!/usr/bin/env node
import { runService } from '@nearcast/service-kit';
import { parseConfig } from './config.ts';
import { letHeapGrow } from './heap-growth.ts';
import { startTracker } from './server.ts';

letHeapGrow();
const config = parseConfig(process.argv.slice(2));
await runService('nearcast-tracker', async () => {
  const tracker = await startTracker(config);
  const summary = `ws://${config.host}:${tracker.port} · admin http://${config.adminHost}:${tracker.adminPort}`;
  return { summary, drain: () => tracker.drain(), close: () => tracker.close() };
});
