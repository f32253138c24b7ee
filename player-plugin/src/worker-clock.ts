import { browserClock, type Clock } from './clock.ts';

/** Browsers run the timers of a hidden page once a second at most, but not those of its workers. */
const WORKER_SOURCE = `const timers = new Map();
onmessage = ({ data: [id, ms] }) => {
  if (ms < 0) { clearTimeout(timers.get(id)); timers.delete(id); return; }
  timers.set(id, setTimeout(() => { timers.delete(id); postMessage(id); }, ms));
};`;

export interface StoppableClock extends Clock {
  stop(): void;
}

/**
 * A clock whose timers are in time on a hidden page too. Where a site's policy forbids workers (CSP `worker-src`) they are
 * as late as the browser makes them.
 */
export function workerClock(): StoppableClock {
  const waiting = new Map<number, () => void>();
  let worker: Worker | undefined;
  let isForbidden = false;
  let lastId = 0;

  const forbid = () => {
    isForbidden = true;
    worker = undefined;
    for (const run of waiting.values()) browserClock.after(0, run);
    waiting.clear();
  };
  const begin = () => {
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
    try {
      worker = new Worker(url);
      worker.addEventListener('error', forbid);
      worker.addEventListener('message', ({ data: id }) => {
        const run = waiting.get(id);
        waiting.delete(id);
        run?.();
      });
    } catch {
      forbid();
    } finally {
      URL.revokeObjectURL(url);
    }
  };

  return {
    now: browserClock.now,
    after(ms, run) {
      if (!document.hidden) return browserClock.after(ms, run);
      if (!(worker || isForbidden)) begin();
      if (!worker) return browserClock.after(ms, run);
      lastId += 1;
      const id = lastId;
      waiting.set(id, run);
      worker.postMessage([id, ms]);
      return () => {
        if (waiting.delete(id)) worker?.postMessage([id, -1]);
      };
    },
    stop() {
      worker?.terminate();
      waiting.clear();
      isForbidden = true;
      worker = undefined;
    },
  };
}
