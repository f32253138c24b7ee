import type { Express } from 'express';

/**
 * `DELETE /cache?prefix=/live/` removes what begins so, with its manifests. DELETE, because no site can make an
 * operator's browser send one here without asking first.
 */
export function addPurge(app: Express, purge: (prefix: string) => Promise<number>): void {
  app.delete('/cache', async (request, response) => {
    const { prefix } = request.query;
    if (typeof prefix !== 'string' || !prefix.startsWith('/')) {
      response.status(400).type('text').send('prefix must be a path, such as /live/\n');
      return;
    }
    response.json({ purged: await purge(prefix) });
  });
}
