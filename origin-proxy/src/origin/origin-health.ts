import type { OriginFailure } from './origin.ts';

/** Whether an origin is asked, or left alone until it answers a probe. */
export type Health =
  | { readonly is: 'up'; readonly failures: number }
  | { readonly is: 'down'; readonly probeAfterMs: number; readonly isSilent: boolean };

export type HealthEvent =
  | { readonly is: 'answered' }
  | { readonly is: 'failed'; readonly because: OriginFailure }
  | { readonly is: 'probe-failed' };

export const healthy: Health = { is: 'up', failures: 0 };

/** One failure may be one object's; three in a row, with no answer in between, are the origin's. */
const FAILURES_UNTIL_DOWN = 3;
const FIRST_PROBE_AFTER_MS = 250;
/** A recovered origin is noticed within this. */
const LAST_PROBE_AFTER_MS = 2_000;

export function nextHealth(health: Health, event: HealthEvent): Health {
  switch (event.is) {
    case 'answered':
      return healthy;
    case 'probe-failed':
      return health.is === 'up'
        ? health
        : { ...health, probeAfterMs: Math.min(2 * health.probeAfterMs, LAST_PROBE_AFTER_MS) };
    case 'failed': {
      if (health.is === 'down') return health;
      const failures = health.failures + 1;
      if (failures < FAILURES_UNTIL_DOWN) return { is: 'up', failures };
      return { is: 'down', probeAfterMs: FIRST_PROBE_AFTER_MS, isSilent: event.because === 'connect-timeout' };
    }
  }
}

/**
 * In which order origins are asked: as configured, those that are up first. One that is down is still better than
 * nothing, unless it does not even refuse connections: then waiting for it would keep a viewer from what is stored.
 */
export function orderToAsk(healths: readonly Health[]): readonly number[] {
  const all = healths.map((_, index) => index);
  const up = all.filter((index) => healths[index]?.is === 'up');
  const down = all.filter((index) => {
    const health = healths[index];
    return health?.is === 'down' && !health.isSilent;
  });
  return [...up, ...down];
}
