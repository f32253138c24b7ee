import { setFlagsFromString } from 'node:v8';

/**
 * What a thousand viewers hold is little beside what they throw away: the collector marks everything through when the heap
 * has grown to five times of what was kept, buffers included, and not after each 64 MB of buffers. Its helping threads are
 * of no help on one core. New objects have more room than usual from the start (`npm run sim`), which cannot be set here
 * (docs/decisions/0073 and 0076).
 */
export function collectSeldom(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=400');
  setFlagsFromString('--single-threaded-gc');
}
