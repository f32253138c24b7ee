import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newFolder } from '@nearcast/service-kit/testing';
import { onTestFinished } from 'vitest';
import { programs } from '../../../scripts/programs.js';
import { freePort, isListening } from './free-port.ts';

/**
 * A real HAProxy that passes TCP on from one free port of loopback, until the test ends.
 *
 * @param backendPort where to; of loopback
 * @param bind options of the port that it listens on: `accept-proxy`
 * @param server options of the way on: `send-proxy`
 * @returns the port it listens on
 * @throws {Error} when there is none; `npm test` installs one where it can
 */
export async function startHaproxy(backendPort: number, bind: string, server: string): Promise<number> {
  const program = programs.haproxy?.find();
  if (program === undefined) throw new Error('no HAProxy found: node scripts/install.mjs haproxy');
  const port = await freePort();
  const configuration = join(newFolder(), 'haproxy.cfg');
  const lines = [
    'global',
    '  nbthread 1',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 1m',
    '  timeout server 1m',
    'listen tracker',
    `  bind 127.0.0.1:${port} ${bind}`,
    `  server tracker 127.0.0.1:${backendPort} ${server}`,
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const child = spawn(program, ['-db', '-f', configuration], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await Promise.race([isListening(port), ended.then(([code]) => Promise.reject(new Error(`HAProxy ended: ${code}`)))]);
  return port;
}
