import { readFileSync } from 'node:fs';

/** What of a process is in memory now, bytes (proc(5), VmRSS). */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** How many files this process, and those that it starts, may have open (proc(5), the soft limit: Node raises it to the hard one). */
export function openFilesLimit(): number {
  const [, limit] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}
