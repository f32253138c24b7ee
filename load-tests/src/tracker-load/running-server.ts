import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from '../edge-load/process-usage.ts';
import { startPinned, stopProcess } from './pinned-process.ts';
import { residentBytes } from './process-memory.ts';

export const armNames = ['bittorrent-tracker', 'bare-relay', 'nearcast'] as const;
export type ArmName = (typeof armNames)[number];

/** A server in a process of its own, on the first core. */
export interface RunningServer {
  readonly url: string;
  /** Of our tracker alone. */
  readonly adminPort: number | undefined;
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** @param settings of our tracker, for that arm alone */
export async function startServer(arm: ArmName, settings: object = {}): Promise<RunningServer> {
  const file = fileURLToPath(new URL(`./servers/${arm}.ts`, import.meta.url));
  const child = await startPinned(file, 'server', [JSON.stringify(settings)]);
  const { port, adminPort } = await Promise.race([
    once(child, 'message').then(([message]) => message as { port: number; adminPort?: number }),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${arm} ended with ${code} before it listened`);
    }),
  ]);
  const pid = child.pid ?? 0;
  return {
    url: `ws://127.0.0.1:${port}`,
    adminPort,
    cpuSeconds: () => cpuSeconds([pid]),
    residentBytes: () => residentBytes(pid),
    stop: () => stopProcess(child),
  };
}
