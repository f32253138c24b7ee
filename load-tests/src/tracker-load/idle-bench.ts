import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRemote } from './remote-calls.ts';
import { type ArmName, startServer } from './running-server.ts';
import type { IdleCalls } from './viewers/idle-viewers.ts';

const VIEWERS = fileURLToPath(new URL('./viewers/idle-viewers.ts', import.meta.url));

export interface IdleRow {
  readonly arm: ArmName;
  readonly connections: number;
  /** Connected, nothing said. */
  readonly connectedBytes: number;
  /** Connected and in a swarm. */
  readonly announcedBytes: number;
}

/** Connections that come and go first, so that what a process needs once is not counted. */
const WARM_UP_CONNECTIONS = 500;
/** Long enough for garbage of the opening to be collected, as far as it is. */
const SETTLE_MS = 4000;

async function measure(arm: ArmName, connections: number): Promise<IdleRow> {
  const server = await startServer(arm);
  const viewers = await startRemote<IdleCalls>(VIEWERS);
  try {
    await viewers.call('open', server.url, WARM_UP_CONNECTIONS);
    await viewers.call('announceAll');
    await viewers.call('close');
    await setTimeout(SETTLE_MS);
    const before = server.residentBytes();
    await viewers.call('open', server.url, connections);
    await setTimeout(SETTLE_MS);
    const connected = server.residentBytes();
    await viewers.call('announceAll');
    await setTimeout(SETTLE_MS);
    const announced = server.residentBytes();
    const each = (bytes: number) => (bytes - before) / connections;
    return { arm, connections, connectedBytes: each(connected), announcedBytes: each(announced) };
  } finally {
    await viewers.stop();
    await server.stop();
  }
}

export async function runIdleBench(connections: number): Promise<IdleRow[]> {
  return [await measure('bittorrent-tracker', connections), await measure('nearcast', connections)];
}
