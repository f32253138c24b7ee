import { MAX_SWARM_ID_LENGTH } from '@nearcast/protocol';
import express, { type Express, type Request } from 'express';
import { needsAdminToken } from './admin-token.ts';

export interface SwarmBlocking {
  readonly names: () => readonly string[];
  readonly block: (swarm: string) => void;
  readonly unblock: (swarm: string) => boolean;
}

/** `GET /api/blocked` lists, `POST` and `DELETE` with `{"swarm": …}` block and unblock: a takedown within seconds. */
export function addBlocking(app: Express, blocking: SwarmBlocking, token: string | undefined): void {
  app.use('/api/blocked', needsAdminToken(token), express.json({ limit: 16 * 1024 }));
  app.get('/api/blocked', (_request, response) => {
    response.json({ swarms: blocking.names() });
  });
  app.post('/api/blocked', (request, response) => {
    const swarm = swarmOf(request);
    if (swarm === undefined) response.status(400).type('text').send(WANTED);
    else {
      blocking.block(swarm);
      response.status(204).end();
    }
  });
  app.delete('/api/blocked', (request, response) => {
    const swarm = swarmOf(request);
    if (swarm === undefined) response.status(400).type('text').send(WANTED);
    else if (blocking.unblock(swarm)) response.status(204).end();
    else response.status(404).type('text').send('this swarm is not blocked\n');
  });
}

const WANTED = 'wanted is {"swarm": "its id"} as application/json\n';

function swarmOf({ body }: Request): string | undefined {
  const swarm: unknown = body?.swarm;
  return typeof swarm === 'string' && swarm !== '' && swarm.length <= MAX_SWARM_ID_LENGTH ? swarm : undefined;
}
