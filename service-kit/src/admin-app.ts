import express from 'express';
import type { Registry } from 'prom-client';

/** For operators and probes only; never on the port that viewers use. */
export function adminApp(registry: Registry, isReady: () => boolean): express.Express {
  const app = express().disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/healthz', (_request, response) => {
    response.type('text').send('ok\n');
  });
  app.get('/readyz', (_request, response) => {
    if (isReady()) response.type('text').send('ready\n');
    else response.status(503).type('text').send('not ready: this process is on its way out\n');
  });
  return app;
}
