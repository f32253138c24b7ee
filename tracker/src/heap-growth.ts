import { setFlagsFromString } from 'node:v8';

/**
 * A relayed message is garbage a moment later, and next to it little is kept: left to itself the collector marks a small heap
 * through several times a second, which is a tenth of a busy tracker's processor time. It may grow to three times of what is
 * kept first (docs/decisions/0026).
 */
const GROWTH_PERCENT = 200;

/** For the whole process, so whoever has a process for the tracker calls it. */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
