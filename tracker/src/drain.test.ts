import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { announce, openSocket } from './testing/tracker-sockets.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The process as an operator starts it. */
async function startProcess(...args: string[]) {
  const command = ['-C', '@nearcast/source', MAIN, '--host', '127.0.0.1', '--port', '0', '--admin-port', '0', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  const ports = await vi.waitFor(
    () => {
      const [, port, adminPort] = /ws:\/\/127\.0\.0\.1:(\d+) · admin http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      return port === undefined
        ? expect.fail(`it said: ${said}`)
        : { port: Number(port), adminPort: Number(adminPort) };
    },
    { timeout: 20_000, interval: 20 },
  );
  return { child, ...ports };
}

test('10. on SIGTERM readiness turns red first, newcomers are turned away, those who are here are served until they are sent away', async () => {
  const { child, port, adminPort } = await startProcess('--drain-seconds', '2');
  const ready = async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status;
  expect(await ready()).toBe(200);
  const viewer = await openSocket({ port }, 'nearcast.1');
  viewer.send({ type: 'join', swarm: 's', engine: 'swarm', upload: true });
  const others = await Promise.all([openSocket({ port }), openSocket({ port })]);
  expect(await viewer.next()).toMatchObject({ type: 'welcome' });
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await vi.waitFor(async () => expect(await ready()).toBe(503), { interval: 5 });
  const late = await openSocket({ port });
  expect(await late.closed).toBe(1013);
  // The last in the row is still served while the first is gone.
  expect(await viewer.closed).toBe(1012);
  expect(viewer.inbox.at(-1)).toEqual({ type: 'reconnect', afterMs: expect.any(Number) });
  const last = others.find(({ socket }) => socket.readyState === socket.OPEN);
  last?.send(announce('last'));
  expect(await last?.next()).toMatchObject({ incomplete: 1 });
  expect(await Promise.all(others.map(({ closed }) => closed))).toEqual([1012, 1012]);
  expect(await exited).toEqual([0, null]);
});
