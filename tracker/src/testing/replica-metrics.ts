import { expect, vi } from 'vitest';
import { patience } from './test-viewer.ts';

export interface Observed {
  readonly adminPort: number;
}

/** @returns the sum over all series of this name */
async function read({ adminPort }: Observed, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** What Prometheus would show: the sum over replicas. */
export async function sumOf(replicas: readonly Observed[], name: string): Promise<number> {
  const values = await Promise.all(replicas.map((replica) => read(replica, name)));
  return values.reduce((sum, value) => sum + value, 0);
}

/** Until each of them knows of so many. */
export function allSee(replicas: readonly Observed[], count: number): Promise<void> {
  return vi.waitFor(async () => {
    for (const replica of replicas) expect(await read(replica, 'nearcast_tracker_replicas')).toBe(count);
  }, patience);
}
