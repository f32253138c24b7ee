import { setTimeout } from 'node:timers/promises';
import type { Remote } from './remote-calls.ts';
import type { AudienceCalls, AudiencePlan } from './viewers/whole-sessions.ts';

/**
 * How many viewers a core can serve is measured on one that is nearly full: one that mostly sleeps pays for waking up with each
 * message, and how much says more of how busy it was than of the server. Of the core's time; beyond, queues grow.
 */
const FULL_SHARE = 0.85;
const NEARLY_FULL_SHARE = 0.8;
/** Faster than that nobody comes: a connection that is refused in a crowd would be missing all the time. */
const SPREAD_MS_PER_VIEWER = 3;
/** Newcomers cost most: until it is seen what they cost once they are there. */
const SETTLE_MS = 6000;
const LOOK_MS = 3000;
/** The first ones, where nobody knows yet how many are needed. */
const FIRST_VIEWERS = 1000;
const MOST_STEPS = 8;
/** More than this at once may be too many, for who comes later costs less. */
const MOST_GROWTH = 2.5;

/** The viewers of some servers that share the first core. */
export interface Crowd {
  readonly remote: Remote<AudienceCalls>;
  readonly plan: AudiencePlan;
  /** Of all these servers, since they began, s. */
  cpuSeconds(): number;
}

/** @returns of the core's time, what the servers take while this waits */
async function busyShare({ cpuSeconds }: Crowd, ms: number): Promise<number> {
  const [began, before] = [performance.now(), cpuSeconds()];
  await setTimeout(ms);
  return ((cpuSeconds() - before) * 1000) / (performance.now() - began);
}

async function growTo(crowd: Crowd, from: number, to: number): Promise<void> {
  const spreadMs = SPREAD_MS_PER_VIEWER * (to - from);
  await crowd.remote.call('add', crowd.plan, from, to, spreadMs);
  await setTimeout(spreadMs + SETTLE_MS);
}

/** As many as it takes, from about as many as it took the last time; or so many, however busy that is. */
export type CrowdSize = { readonly expected: number | undefined } | { readonly exactly: number };

/** Lets viewers come until the core is nearly full. @returns how many that are */
export async function fillCore(crowd: Crowd, size: CrowdSize): Promise<number> {
  let count = 'exactly' in size ? size.exactly : (size.expected ?? FIRST_VIEWERS);
  await growTo(crowd, 0, count);
  for (let step = 0; step < MOST_STEPS && !('exactly' in size); step++) {
    const share = await busyShare(crowd, LOOK_MS);
    if (share >= NEARLY_FULL_SHARE) break;
    const next = Math.ceil(count * Math.min(MOST_GROWTH, FULL_SHARE / share));
    await growTo(crowd, count, next);
    count = next;
  }
  return count;
}
