import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { attachP2P } from '@nearcast/player-plugin';
import type Hls from 'hls.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPlugin } from './build-plugin.ts';
import { gzipBytes } from './sizes.ts';

/** Whoever makes the plugin larger raises this, in the open. 24,000 is the bar. */
const MAX_BYTES = 24_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-size-'));
  await buildPlugin(folder);
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

test.each(['index.js', 'nearcast.js'])('%s is no larger than it may be', async (name) => {
  expect(gzipBytes(await readFile(join(folder, name))), 'bytes with gzip').toBeLessThanOrEqual(MAX_BYTES);
});

test('the script gives its page `Nearcast.attachP2P`, with the names that the documentation has', async () => {
  const code = await readFile(join(folder, 'nearcast.js'), 'utf8');
  const location = { href: 'https://site.example/' };
  const page = {
    document: { currentScript: null },
    HTMLScriptElement: Object,
    location,
    URL,
    performance,
    queueMicrotask,
  };
  const attach: typeof attachP2P = runInNewContext(`${code};Nearcast.attachP2P`, page);
  const session = attach({ config: {} } as Hls, { tracker: 'http://tracker.example' });
  expect({ ...session.stats }).toEqual({
    peerBytes: 0,
    edgeBytes: 0,
    uploadedBytes: 0,
    discardedBytes: 0,
    rejectedChunks: 0,
    connectedPeers: 0,
    offload: 0,
    mode: 'off',
    reason: 'tracker must be a ws:// or wss:// URL, not "http://tracker.example"',
  });

  session.on('modeChanged', () => undefined)();
  session.setEnabled(false);
  session.destroy();
  expect(session.stats.reason).toBe('destroyed');
});
