#!/usr/bin/env node
import { runService } from '@nearcast/service-kit';
import { parseConfig } from './config.ts';
import { startEdge } from './server.ts';

const config = parseConfig(process.argv.slice(2));
await runService('nearcast-edge', async () => {
  const edge = await startEdge(config);
  const summary = `http://${config.host}:${edge.port} · admin http://${config.adminHost}:${edge.adminPort}`;
  return { summary, drain: () => edge.close(), close: () => edge.close() };
});
