import { passThrough } from './cold-objects.ts';
import { peakResidentBytes } from './process-usage.ts';
import type { CacheServer } from './servers.ts';

export interface MemoryResult {
  readonly objectBytes: number;
  readonly bytes: number;
  readonly idleBytes: number;
  readonly peakBytes: number;
}

/** Lets objects that nobody has asked for before pass through a server that has just started. */
export async function runThrough(
  arm: CacheServer,
  { objectBytes, bytes, clients }: { objectBytes: number; bytes: number; clients: number },
): Promise<MemoryResult> {
  const [pid = 0] = arm.pids();
  const idleBytes = peakResidentBytes(pid);
  const passed = await passThrough(arm, { objectBytes, objects: Math.ceil(bytes / objectBytes), clients });
  return { objectBytes, bytes: passed, idleBytes, peakBytes: peakResidentBytes(pid) };
}
