import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTracker } from '../server.ts';

const PUBLISHED = '3031323334353637383961626364656667686970';

test('with the list on, only what was published has a swarm; others are told, and keep their connection', async () => {
  const folder = newFolder();
  const list = join(folder, 'list.json');
  await writeFile(list, JSON.stringify({ infohashes: [] }));
  const tracker = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', publishedFiles: list });
  onTestFinished(() => tracker.close());
  const socket = new WebSocket(`ws://127.0.0.1:${tracker.port}`);
  await once(socket, 'open');
  const announce = async (infoHash: string) => {
    const reply = once(socket, 'message');
    socket.send(JSON.stringify({ action: 'announce', info_hash: infoHash, peer_id: 'p'.repeat(20), numwant: 0 }));
    return JSON.parse(String((await reply)[0])) as Record<string, unknown>;
  };
  const infoHash = Buffer.from(PUBLISHED, 'hex').toString('latin1');
  expect(await announce(infoHash)).toEqual({
    action: 'announce',
    info_hash: infoHash,
    'failure reason': 'not published here',
  });
  // Published after the tracker has started: the next announce finds it.
  await writeFile(list, JSON.stringify({ infohashes: [PUBLISHED] }));
  expect(await announce(infoHash)).toMatchObject({ incomplete: 1 });
  const metrics = await (await fetch(`http://127.0.0.1:${tracker.adminPort}/metrics`)).text();
  expect(metrics).toContain('nearcast_tracker_refused_announces_total{because="not-published"} 1');
  expect(metrics).toContain('nearcast_tracker_torrent_swarms 1');
  expect(metrics).toContain('nearcast_tracker_published_files 1');
});
