import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { portOf } from '@nearcast/service-kit';
import { afterEach, describe, expect, test, vi } from 'vitest';

// A program that starts among other tests may take its time.
vi.setConfig({ testTimeout: 60_000 });

const root = new URL('../../..', import.meta.url).pathname;
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A program of ours as an operator starts it, with the environment that it has on its own. */
function start(file: string, args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['-C', '@nearcast/source', file, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment },
  });
  running.push(child);
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output.text += data));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, text: output.text.trim() }));
  const said = async (text: string) => {
    while (!output.text.includes(text)) await once(child.stdout, 'data');
  };
  return { child, ended, said };
}

const tracker = 'tracker/src/main.ts';
const edge = 'origin-proxy/src/main.ts';
const demo = 'demo/src/main.ts';
const anyPorts = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1'];
const freeDemo = ['port', 'tracker-port', 'edge-port', 'tracker-admin-port', 'edge-admin-port'].flatMap((name) => [
  `--${name}`,
  '0',
]);

describe('what cannot work ends with 1 and says why', () => {
  test.each<[string, string, string[], RegExp]>([
    ['an unknown flag', tracker, ['--prot', '1'], /unknown option '--prot'/],
    ['an argument too many', tracker, ['live'], /too many arguments/],
    ['a port that is none', tracker, ['--port', '70000'], /'70000' is invalid.*from 0 to 65535/],
    ['STUN that nobody can be told of', tracker, ['--stun-port', '3478'], /^error: --stun-port needs --public-host/],
    ['no origin', edge, [], /required option '--origin/],
    ['a missing folder', edge, ['--origin', '/no/such/folder'], /no such folder/],
    ['an origin over ftp', edge, ['--origin', 'ftp://x/'], /must begin with http/],
    ['a size that is none', edge, ['--origin', '.', '--memory-size', 'lots'], /It must be a size such as 512MiB/],
    ['an unknown flag of the demo', demo, ['--fast'], /unknown option '--fast'/],
  ])('%s', async (_, file, args, sentence) => {
    const { code, text } = await start(file, args).ended;
    expect(text).toMatch(sentence);
    expect(text.split('\n').length).toBeLessThanOrEqual(2);
    expect(code).toBe(1);
  });

  test('a flag from the environment is checked as well', async () => {
    const { code, text } = await start(edge, ['--origin', '.'], { NEARCAST_EDGE_PORT: 'x' }).ended;
    expect([code, text]).toEqual([1, expect.stringMatching(/NEARCAST_EDGE_PORT/)]);
  });

  test.each([
    [tracker, [], 'nearcast-tracker: port'],
    [edge, ['--origin', '.'], 'nearcast-edge: port'],
  ])('a busy port: %s', async (file, args, begins) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const port = String(portOf(holder as Server));
    const { code, text } = await start(file, [...args, ...anyPorts, '--port', port]).ended;
    holder.close();
    expect([code, text]).toEqual([1, `${begins} ${port} is in use; end what listens there or choose another port`]);
  });

  test('a busy port of the demo names the flag that moves it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const port = String(portOf(holder as Server));
    const { code, text } = await start(demo, [...freeDemo, '--tracker-port', port]).ended;
    holder.close();
    expect(text).toMatch(new RegExp(`^nearcast: tracker: port ${port} is in use.*--tracker-port <number>\\)$`));
    expect(code).toBe(1);
  });
});

test.each<[string, string[], NodeJS.Signals]>([
  [tracker, anyPorts, 'SIGINT'],
  [tracker, [...anyPorts, '--drain-seconds', '0'], 'SIGTERM'],
  [edge, [...anyPorts, '--origin', '.'], 'SIGINT'],
  [edge, [...anyPorts, '--origin', '.'], 'SIGTERM'],
  [demo, freeDemo, 'SIGINT'],
])('%s %j ends on %s', async (file, args, signal) => {
  const { child, ended, said } = start(file, args);
  await said('http');
  child.kill(signal);
  expect((await ended).code).toBe(0);
});
