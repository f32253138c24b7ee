import type { Express } from 'express';
import type { TorrentShelf } from './torrent-shelf.ts';
import type { Torrents } from './torrents.ts';

/**
 * For operators: `GET /torrents`, what is published and what is being hashed. For trackers: `GET /torrents/infohashes`,
 * `{"infohashes": […]}` in hexadecimal, with an ETag that changes when they do.
 */
export function addTorrents(app: Express, torrents: Torrents, shelf: TorrentShelf): void {
  app.get('/torrents', (_request, response) => {
    const published = shelf.published.map(({ path, name, size, infoHash }) => ({ path, name, size, infoHash }));
    response.json({ published, jobs: torrents.jobs });
  });
  const run = Date.now().toString(36);
  app.get('/torrents/infohashes', (request, response) => {
    const etag = `"${run}-${shelf.revision}"`;
    response.set('ETag', etag).set('Cache-Control', 'no-cache');
    if (request.headers['if-none-match'] === etag) response.status(304).end();
    else response.json({ infohashes: shelf.published.map(({ infoHash }) => infoHash) });
  });
}
