import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { patience } from '../testing/test-viewer.ts';
import { ManifestKeys, parseKeySet } from './manifest-keys.ts';

const key = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) } as const;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Timers run at once, refreshes never. */
const hastyClock = {
  now: () => performance.now(),
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms > 60_000 ? 1e8 : 1);
    return () => clearTimeout(timer);
  },
};

test('keys come from a URL, also when it is there only later', async () => {
  let isThere = false;
  const server = createServer((_request, response) => {
    response.writeHead(isThere ? 200 : 503).end(JSON.stringify({ keys: [{ ...key, kid: 'a' }, { kty: 'RSA' }] }));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await vi.waitFor(() => expect(server.listening).toBe(true), patience);
  const failed = vi.fn<(problem: string) => void>();
  const keys = new ManifestKeys(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json`,
    hastyClock,
    failed,
  );
  await keys.start();
  expect(keys.current).toEqual([]);
  expect(failed.mock.calls[0]?.[0]).toMatch(/no manifest keys from http:.*503/);
  isThere = true;
  await vi.waitFor(() => expect(keys.current).toEqual([key]), patience);
  keys.stop();
});

test('keys come from a file', async () => {
  const folder = newFolder();
  const file = join(folder, 'keys.json');
  await writeFile(file, JSON.stringify({ keys: [key] }));
  const keys = new ManifestKeys(file, hastyClock, () => undefined);
  await keys.start();
  expect(keys.current).toEqual([key]);
  keys.stop();
});

test.each(['', '[]', '{}', '{"keys":[]}', '{"keys":[{"kty":"EC","crv":"P-384"}]}'])('%j is no key set', (text) => {
  expect(() => parseKeySet(text)).toThrow();
});
