import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load-client.ts';
import { cpuSeconds } from './process-usage.ts';

const CHILD = fileURLToPath(new URL('./load-child.ts', import.meta.url));

export interface Measured extends LoadResult {
  /** Processor time of the server while it was measured. */
  readonly serverCpuSeconds: number;
}

/** Puts a server under load from a process of its own, and reads the server's processor time meanwhile. */
export async function measure(plan: LoadPlan, serverPids: () => readonly number[]): Promise<Measured> {
  const child = fork(CHILD, { execArgv: ['-C', '@nearcast/source'] });
  let before = 0;
  let during = 0;
  const result = await new Promise<LoadResult>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === 'measuring') before = cpuSeconds(serverPids());
      else if (message === 'measured') during = cpuSeconds(serverPids()) - before;
      else resolve(message as LoadResult);
    });
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.send(plan);
  });
  return { ...result, serverCpuSeconds: during };
}
