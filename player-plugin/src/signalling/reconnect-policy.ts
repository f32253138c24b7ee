import type { Random } from '../random.ts';

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;

/**
 * How long to wait before attempt `attempt` (0, 1, …): 1, 2, 4 … 30 s, of which a random half is left out,
 * so that the viewers of a restarted tracker do not come back all at once.
 */
export function reconnectDelayMs(attempt: number, random: Random): number {
  return backOffMs(attempt, LONGEST_DELAY_MS, random);
}

/** From a second on, twice as long each time, and somewhere in the later half of that. */
export function backOffMs(attempt: number, longestMs: number, random: Random): number {
  return (Math.min(longestMs, FIRST_DELAY_MS * 2 ** attempt) * (1 + random())) / 2;
}
