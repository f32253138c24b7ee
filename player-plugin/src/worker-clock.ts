import { browserClock, type Clock } from './clock.ts';

/** Browsers run the timers of a hidden page once a second at most, but not those of its workers. */
const WORKER_SOURCE = 'onmessage = ({ data: [id, ms] }) => setTimeout(postMessage, ms, id)';

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
  let isOver = false;
  let lastId = 0;

  const end = () => {
    worker?.terminate();
    worker = undefined;
    isOver = true;
    for (const run of waiting.values()) browserClock.after(0, run);
    waiting.clear();
  };
  const begin = () => {
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
    try {
      worker = new Worker(url);
      worker.addEventListener('error', end);
      worker.addEventListener('message', ({ data: id }) => {
        // What was cancelled is not there any more.
        const run = waiting.get(id);
        waiting.delete(id);
        run?.();
      });
    } catch {
      end();
    }
    URL.revokeObjectURL(url);
  };

  return {
    now: browserClock.now,
    after(ms, run) {
      if (document.hidden && !(worker || isOver)) begin();
      if (!(document.hidden && worker)) return browserClock.after(ms, run);
      lastId += 1;
      const id = lastId;
      waiting.set(id, run);
      worker.postMessage([id, ms]);
      return () => waiting.delete(id);
    },
    stop() {
      waiting.clear();
      end();
    },
  };
}
