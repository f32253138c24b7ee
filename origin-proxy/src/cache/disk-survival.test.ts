import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { describe, expect, test, vi } from 'vitest';
import { edgeProcess, withSmallDisk } from '../testing/edge-process.ts';
import { bodyOf, cacheOf, edgeFor, get, metricOf, purge, stoppedClock } from '../testing/edge-under-test.ts';
import { bytesOf, fileOf, originWith } from '../testing/scripted-origin.ts';

/** Files of objects in a cache folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => /[0-9a-f]{62}$/.test(file) && statSync(file).isFile());
}

const contentOf = (path: string) =>
  bytesOf(
    100_000 + (path.length % 7) * 1000,
    [...path].reduce((sum, c) => 31 * sum + c.charCodeAt(0), 7),
  );

/** Every path has content of its own. */
const anything = () => originWith((request, response) => fileOf(contentOf(request.url ?? ''))(request, response));
const paths = Array.from({ length: 60 }, (_, number) => `/segment${number}.ts`);

describe('the disk tier', () => {
  test('survives a restart: the origin is not asked again', async () => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const first = await edgeFor(origin.url, { cacheDir });
    for (const path of paths) await bodyOf(first, path);
    await first.close();
    origin.kill();
    const second = await edgeFor(origin.url, { cacheDir });
    for (const path of paths) expect((await bodyOf(second, path)).equals(contentOf(path))).toBe(true);
    expect(await metricOf(second, 'nearcast_edge_requests_total{cache="hit"}')).toBe(60);
    expect(await metricOf(second, 'nearcast_edge_cached_bytes{tier="disk"}')).toBeGreaterThan(60 * 100_000);
  });

  test('keeps age, validators and variants', async () => {
    const clock = stoppedClock();
    const origin = await originWith((request, response) => {
      const language = request.headers['accept-language'] ?? 'none';
      const headers = { etag: `"${language}"`, vary: 'Accept-Language', 'cache-control': 'max-age=600' };
      fileOf(Buffer.from(language), headers)(request, response);
    });
    const cacheDir = newFolder();
    const first = await edgeFor(origin.url, { cacheDir }, clock);
    for (const language of ['de', 'fr']) await bodyOf(first, '/s.vtt', { 'accept-language': language });
    await first.close();
    clock.pass(100);
    const second = await edgeFor(origin.url, { cacheDir }, clock);
    for (const language of ['fr', 'de']) {
      const response = await get(second, '/s.vtt', { 'accept-language': language });
      expect([await response.text(), response.headers.get('x-cache'), response.headers.get('age')]).toEqual([
        language,
        'HIT',
        '100',
      ]);
    }
    expect((await get(second, '/s.vtt', { 'accept-language': 'de', 'if-none-match': '"de"' })).status).toBe(304);
    expect(origin.asked).toHaveLength(2);
  });

  test('gives what memory has no room for', async () => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const edge = await edgeFor(origin.url, { cacheDir, memorySize: 300_000 });
    for (const path of paths.slice(0, 20)) await bodyOf(edge, path);
    await vi.waitFor(() => expect(filesIn(cacheDir)).toHaveLength(20), 15_000);
    for (const path of paths.slice(0, 20)) expect(await cacheOf(edge, path)).toBe('HIT');
    expect(origin.asked).toHaveLength(20);
  });

  test('stays within its bound', async () => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const edge = await edgeFor(origin.url, { cacheDir, cacheSize: 1_000_000, memorySize: 300_000 });
    for (const path of paths) await bodyOf(edge, path);
    await edge.close();
    const bytes = filesIn(cacheDir).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(bytes).toBeGreaterThan(700_000);
  });

  test('forgets what is purged, by prefix, also after a restart', async () => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const first = await edgeFor(origin.url, { cacheDir });
    for (const path of ['/a/1.ts', '/a/2.ts', '/b/1.ts']) await bodyOf(first, path);
    expect(await purge(first, '/a/')).toBe(2);
    await first.close();
    const second = await edgeFor(origin.url, { cacheDir });
    expect([await cacheOf(second, '/a/1.ts'), await cacheOf(second, '/b/1.ts')]).toEqual(['MISS', 'HIT']);
  });

  const damages: [string, (file: Buffer) => Buffer][] = [
    ['cut short', (file) => file.subarray(0, -1)],
    ['cut to nothing', () => Buffer.alloc(0)],
    ['made longer', (file) => Buffer.concat([file, Buffer.from('x')])],
    ['with one bit of its body turned', (file) => turned(file, file.length - 5)],
    ['with one bit of its description turned', (file) => turned(file, 60)],
    ['with one bit of its length turned', (file) => turned(file, 7)],
    [
      'with holes, as after a power failure',
      (file) => Buffer.concat([file.subarray(0, 4096), Buffer.alloc(file.length - 4096)]),
    ],
    ['of another object', () => Buffer.alloc(0)],
  ];
  test.each(damages)('never serves a file %s', async (name, damage) => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const first = await edgeFor(origin.url, { cacheDir });
    await bodyOf(first, '/s.ts');
    await bodyOf(first, '/other.ts');
    await first.close();
    const files = filesIn(cacheDir);
    expect(files).toHaveLength(2);
    const originals = files.map((file) => readFileSync(file));
    for (const [index, file] of files.entries()) {
      const original = originals[index] ?? Buffer.alloc(0);
      writeFileSync(file, name === 'of another object' ? (originals[1 - index] ?? original) : damage(original));
    }
    const second = await edgeFor(origin.url, { cacheDir });
    for (const path of ['/s.ts', '/other.ts']) expect((await bodyOf(second, path)).equals(contentOf(path))).toBe(true);
    expect(origin.asked).toHaveLength(4);
  });

  test('that cannot be used stops the start with one sentence', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await expect(edgeFor('http://127.0.0.1:1', { cacheDir: file })).rejects.toThrow(/--cache-dir .* cannot be used/);
  });

  test('whose folder vanishes under it costs no viewer anything', async () => {
    const [origin, cacheDir] = [await anything(), newFolder()];
    const edge = await edgeFor(origin.url, { cacheDir, memorySize: 300_000 });
    for (const path of paths.slice(0, 10)) await bodyOf(edge, path);
    rmSync(cacheDir, { recursive: true });
    for (const path of paths.slice(0, 20)) expect((await bodyOf(edge, path)).equals(contentOf(path))).toBe(true);
  });
});

function turned(file: Buffer, at: number): Buffer {
  const changed = Buffer.from(file);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

test('kill -9 in the middle of writes: what is served afterwards is whole', { timeout: 120_000 }, async () => {
  const [origin, cacheDir] = [await anything(), newFolder()];
  const args = ['--origin', origin.url, '--cache-dir', cacheDir];
  for (const filesUntilKilled of [1, 7, 25]) {
    const edge = await edgeProcess(args);
    // Whatever comes of them: the process dies under them.
    const asked = paths.map((path) => bodyOf(edge, `${path}?${filesUntilKilled}`).catch(() => undefined));
    await vi.waitFor(() => expect(filesIn(cacheDir).length).toBeGreaterThanOrEqual(filesUntilKilled), {
      timeout: 30_000,
      interval: 1,
    });
    await edge.kill();
    await Promise.all(asked);
  }
  origin.kill();
  const edge = await edgeProcess(args);
  let whole = 0;
  for (const path of paths) {
    const response = await get(edge, path);
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status === 502) continue;
    expect([response.status, body.equals(contentOf(path))]).toEqual([200, true]);
    whole += 1;
  }
  expect(whole).toBeGreaterThanOrEqual(25);
  expect(readdirSync(join(cacheDir, 'unfinished'))).toEqual([]);
});

test('a full disk costs no viewer anything, and room is made', { timeout: 60_000 }, async ({ skip }) => {
  const cacheDir = newFolder();
  const wrap = withSmallDisk(cacheDir, 2 * 1024 * 1024);
  if (!wrap) return skip('this machine does not allow a file system of one’s own (unshare, mount)');
  const origin = await anything();
  const args = ['--origin', origin.url, '--cache-dir', cacheDir, '--cache-size', '1GiB', '--memory-size', '1MiB'];
  const edge = await edgeProcess(args, wrap);
  for (const path of [...paths, ...paths]) {
    expect((await bodyOf(edge, path)).equals(contentOf(path))).toBe(true);
  }
  expect(await metricOf(edge, 'nearcast_edge_disk_unwritten_total{because="full"}')).toBeGreaterThan(0);
  // The last ones are there, although the disk has been full.
  await vi.waitFor(
    async () => expect(await metricOf(edge, 'nearcast_edge_cached_bytes{tier="disk"}')).toBeGreaterThan(500_000),
    15_000,
  );
});
