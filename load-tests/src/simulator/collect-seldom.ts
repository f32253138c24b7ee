import { setFlagsFromString } from 'node:v8';

/**
 * A thousand viewers hold most of their memory as segments, outside of the heap. Left to itself the collector marks
 * everything through after each 64 MB of them, twice in a virtual second, which took a third of the time; and its helping
 * threads are of no help on one core (docs/decisions/0073).
 */
export function collectSeldom(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=100');
  setFlagsFromString('--single-threaded-gc');
}
