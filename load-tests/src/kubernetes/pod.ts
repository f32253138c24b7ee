import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ImageTree } from '@nearcast/k8s/image-tree';

/** A process that is started and ended as a kubelet does with a container. */
export interface Pod {
  readonly port: number;
  readonly adminPort: number;
  /** What the readiness probe says. */
  isReady(): Promise<boolean>;
  /** SIGTERM, and SIGKILL after the grace period. @returns whether it ended by itself, with 0 */
  terminate(): Promise<boolean>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a service from the files of its image, on free ports of loopback, with `settings` as its environment. */
export async function startPod(
  tree: ImageTree,
  prefix: 'NEARCAST_TRACKER' | 'NEARCAST_EDGE',
  settings: Readonly<Record<string, string>>,
  graceMs: number,
): Promise<Pod> {
  const own = { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0' };
  const env = Object.fromEntries(
    Object.entries({ ...own, ...settings }).map(([name, value]) => [`${prefix}_${name}`, value]),
  );
  const child = spawn(process.execPath, [join(tree.folder, 'main.js')], { cwd: tree.folder, env });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const summary = await firstLine(child);
  const [, port, adminPort] = /:(\d+) · admin http:\/\/[^:]+:(\d+)/.exec(summary) ?? [];
  if (port === undefined || adminPort === undefined) throw new Error(`a pod did not start: ${summary}`);
  return {
    port: Number(port),
    adminPort: Number(adminPort),
    isReady: () => probe(`http://127.0.0.1:${adminPort}/readyz`),
    async terminate() {
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
      child.kill('SIGTERM');
      const code = await ended;
      clearTimeout(force);
      return code === 0;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => resolve(String(text).trim()));
  });
}

async function probe(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
