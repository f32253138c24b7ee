import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** `nearcast-edge` as an operator runs it: a process that can be killed. */
export interface EdgeProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly child: ChildProcess;
  /** As the machine's death would: nothing is tidied up. */
  kill(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const ANY_PORTS = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];

/** @param wrap a command that is to run it, such as `unshare` */
export async function edgeProcess(args: readonly string[], wrap: readonly string[] = []): Promise<EdgeProcess> {
  const command = [...wrap, process.execPath, '-C', '@nearcast/source', MAIN, ...ANY_PORTS, ...args];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const summary = /http:\/\/[^:]+:(\d+) · admin http:\/\/[^:]+:(\d+)/;
  while (!summary.test(said)) {
    await Promise.race([once(child.stdout, 'data'), ended]);
    if (child.exitCode !== null) throw new Error(`nearcast-edge ended: ${said}`);
  }
  const [, port, adminPort] = summary.exec(said) ?? [];
  return { port: Number(port), adminPort: Number(adminPort), child, kill };
}

/** Runs a command with a file system of its own of so many bytes at `folder`; `undefined` where that is not allowed. */
export function withSmallDisk(folder: string, bytes: number): readonly string[] | undefined {
  const wrap = (script: string) => ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
  const mount = `mount -t tmpfs -o size=${bytes} tmpfs '${folder}'`;
  const [command = '', ...tried] = wrap(mount);
  return spawnSync(command, tried).status === 0 ? wrap(`${mount} && exec "$@"`) : undefined;
}
