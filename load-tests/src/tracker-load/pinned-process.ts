import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Servers have the first core to themselves; who puts them under load has the others. */
const cores = availableParallelism();
const coreOf: Readonly<Record<'server' | 'load', string>> = { server: '0', load: cores > 1 ? `1-${cores - 1}` : '0' };

/** Starts a TypeScript file on its core, with a channel for messages. @throws when there is no taskset */
export async function startPinned(
  file: string,
  on: keyof typeof coreOf,
  args: readonly string[] = [],
): Promise<ChildProcess> {
  const command = ['-c', coreOf[on], process.execPath, '-C', '@nearcast/source', file, ...args];
  const child = spawn('taskset', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'spawn').catch(() => {
    throw new Error(
      'taskset, which keeps the server on one core, was not found: it is part of util-linux (Linux only)',
    );
  });
  return child;
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
