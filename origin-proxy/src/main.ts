#!/usr/bin/env node
import { runService } from '@nearcast/service-kit';
import { systemClock } from './clock.ts';
import { parseConfig } from './config.ts';
import { startEdge } from './server.ts';
import { runSign } from './sign-folder/command.ts';

const argv = process.argv.slice(2);
if (argv[0] === 'sign') {
  await runSign(argv.slice(1));
} else {
  const config = parseConfig(argv);
  await runService('nearcast-edge', async () => {
    const warn = (sentence: string) => void process.stderr.write(`nearcast-edge: ${sentence}\n`);
    const edge = await startEdge(config, { clock: systemClock, warn });
    const summary = `http://${config.host}:${edge.port} · admin http://${config.adminHost}:${edge.adminPort}`;
    return { summary, drain: () => edge.close(), close: () => edge.close() };
  });
}
