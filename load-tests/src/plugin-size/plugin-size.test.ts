import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildPlugin } from './build-plugin.ts';
import { gzipBytes } from './sizes.ts';

/** Whoever makes the plugin larger raises this, in the open. The goal is 24,000. */
const MAX_BYTES = 25_150;

test('the plugin is no larger than it may be, as a module and as a script', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-size-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await buildPlugin(folder);
  for (const name of ['index.js', 'nearcast.js']) {
    const code = await readFile(join(folder, name));
    expect(gzipBytes(code), `${name}, bytes with gzip`).toBeLessThanOrEqual(MAX_BYTES);
  }
});
