import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { needsAdminToken } from '../access/admin-token.ts';
import type { LiveConsole, Tell } from './console.ts';

/** Beside the sources, beside what is published, and beside the one program of an image. */
const places = ['../../console/dist/', '../console/dist/', './console/'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);

const NOT_BUILT = 'The console has not been built: npm run build:console --workspace @nearcast/tracker\n';

/** `GET /console/` is the page; `GET /console/events?swarm=` feeds it, and is what the token protects. */
export function addConsole(app: Express, console: LiveConsole, token: string | undefined): void {
  app.get('/', (_request, response) => response.redirect('/console/'));
  app.get('/console/events', needsAdminToken(token), (request, response) => {
    const { swarm } = request.query;
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const tell: Tell = (event, data) => {
      // One who does not read gets no more until he does: each view replaces the one before.
      if (!response.writableNeedDrain) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const stop = console.follow(typeof swarm === 'string' ? swarm : undefined, tell);
    response.on('close', stop);
  });
  app.use('/console', (_request, response, next) => {
    // Nothing on the page comes from elsewhere.
    response.set(
      'content-security-policy',
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
    );
    response.set('x-content-type-options', 'nosniff');
    next();
  });
  const folder = places.find((place) => existsSync(place));
  if (folder !== undefined) app.use('/console', express.static(folder));
  else app.get('/console/', (_request, response) => response.status(503).type('text').send(NOT_BUILT));
}
