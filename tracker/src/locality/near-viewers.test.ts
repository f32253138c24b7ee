import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTracker, type Tracker } from '../server.ts';
import { patience } from '../testing/test-viewer.ts';
import { writeMmdb } from '../testing/write-mmdb.ts';

let folder: string;
let tracker: Tracker | undefined;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-near-'));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await tracker?.close();
  await rm(folder, { recursive: true });
});

/** Everything that a viewer from this address is told. */
async function viewerFrom(port: number, address: string): Promise<Record<string, unknown>[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['nearcast.1'], { headers: { 'x-forwarded-for': address } });
  sockets.push(socket);
  const told: Record<string, unknown>[] = [];
  socket.on('message', (data) => told.push(JSON.parse(String(data))));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'join', swarm: 's', engine: 'swarm', upload: true }));
  await vi.waitFor(() => expect(told).not.toEqual([]), patience);
  return told;
}

/** What the console is told, up to where it knows of this. */
async function consoleUntil(admin: string, text: string): Promise<string> {
  const { body } = await fetch(`${admin}/console/events?swarm=s`);
  let told = '';
  for await (const chunk of body ?? []) {
    told += Buffer.from(chunk).toString();
    if (told.includes(text)) break;
  }
  return told;
}

test('viewers behind a proxy are told how near each other is, and no address leaves the process', async () => {
  const files = { sites: join(folder, 'sites'), geo: join(folder, 'asn.mmdb') };
  await writeFile(files.sites, '10.7.0.0/16 berlin\n');
  await writeFile(files.geo, writeMmdb({ '193.0.0.0/16': { autonomous_system_number: 3333 } }));
  const warned = vi.spyOn(process.stderr, 'write');
  const running = await startTracker({
    ...{ port: 0, adminPort: 0, host: '127.0.0.1', trustedProxies: ['loopback'] },
    ...{ sites: files.sites, geoDb: [files.geo] },
  });
  tracker = running;
  const addresses = ['193.0.6.139', '193.0.6.139', '193.0.14.129', '194.0.0.53', '10.7.1.1', '10.7.2.2'];
  const told: Record<string, unknown>[][] = [];
  for (const address of addresses) told.push(await viewerFrom(running.port, address));
  const nearnessTo = (later: number, earlier: number) => {
    const { viewer } = told[earlier]?.find(({ type }) => type === 'welcome') ?? {};
    return told[later]?.find(({ peer }) => peer === viewer)?.nearness;
  };
  await vi.waitFor(() => expect(nearnessTo(5, 0)).toBe('far'), patience);
  expect([nearnessTo(1, 0), nearnessTo(2, 0), nearnessTo(3, 0), nearnessTo(5, 4)]).toEqual([
    'lan',
    'network',
    'far',
    'lan',
  ]);

  const texts = [JSON.stringify(told)];
  const admin = `http://127.0.0.1:${running.adminPort}`;
  texts.push(await (await fetch(`${admin}/metrics`)).text(), await consoleUntil(admin, 'berlin'));
  texts.push(JSON.stringify(warned.mock.calls));
  warned.mockRestore();
  for (const address of new Set(addresses)) expect(texts.join('\n')).not.toContain(address);
});
