import { runService } from '@nearcast/service-kit';
import { parseConfig } from './config.ts';
import { startDemo } from './server.ts';

const config = parseConfig(process.argv.slice(2));
await runService('nearcast', async () => {
  const demo = await startDemo(config);
  const summary = [
    `watch at ${demo.url}, in two tabs`,
    `console http://localhost:${demo.trackerAdminPort}/console/`,
    `tracker ws://localhost:${demo.trackerPort} (metrics http://localhost:${demo.trackerAdminPort}/metrics)`,
    `edge http://localhost:${demo.edgePort} (metrics http://localhost:${demo.edgeAdminPort}/metrics)`,
    'Ctrl-C ends all of it',
  ].join('\n  ');
  return { summary, drain: () => demo.close(), close: () => demo.close() };
});
