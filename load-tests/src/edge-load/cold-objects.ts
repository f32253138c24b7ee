import { Agent, get } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { CacheServer } from './servers.ts';
import type { TestOrigin } from './test-origin.ts';

/** Reads one object to its end. @returns its bytes @throws when it is not what was asked for */
function read(port: number, path: string, agent: Agent | false): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path, agent }, (response) => {
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.byteLength;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${path}: ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

export interface HerdResult {
  readonly name: string;
  readonly clients: number;
  readonly originFetches: number;
  readonly allServedMs: number;
}

/** Many clients ask at once for what nobody has asked for before. */
export async function runHerd(arm: CacheServer, origin: TestOrigin, clients: number): Promise<HerdResult> {
  const path = `/cold/${arm.name.replaceAll(/\W/g, '-')}.mp4`;
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, () => read(arm.port, path, false)));
  return { name: arm.name, clients, originFetches: origin.asked(path), allServedMs: performance.now() - began };
}

/** Lets so many different objects pass through, as a film library does. @returns their bytes */
export async function passThrough(
  arm: CacheServer,
  { objectBytes, objects, clients }: { objectBytes: number; objects: number; clients: number },
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let next = 0;
  let bytes = 0;
  const client = async () => {
    while (next < objects) {
      const received = await read(arm.port, `/film/${objectBytes}/segment${next++}.mp4`, agent);
      bytes += received;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return bytes;
}
