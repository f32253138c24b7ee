export interface JobState {
  readonly key: string;
  readonly is: 'waiting' | 'running';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface JobLimits {
  /** Jobs at once. */
  readonly running: number;
  /** Jobs that wait for their turn. */
  readonly waiting: number;
}

interface Job<T> {
  state: JobState;
  readonly result: Promise<T>;
}

/** At most one job per key, and only so many at once. */
export class JobQueue<T> {
  readonly #limits: JobLimits;
  readonly #jobs = new Map<string, Job<T>>();
  readonly #turns: (() => void)[] = [];
  #running = 0;

  constructor(limits: JobLimits) {
    this.#limits = limits;
  }

  get jobs(): JobState[] {
    return [...this.#jobs.values()].map(({ state }) => state);
  }

  /** The share of a job that is done, 0…1. */
  progressOf(key: string): number {
    const { doneBytes = 0, totalBytes = 1 } = this.#jobs.get(key)?.state ?? {};
    return totalBytes === 0 ? 1 : doneBytes / totalBytes;
  }

  /** The job that runs or waits under this key. */
  find(key: string): Promise<T> | undefined {
    return this.#jobs.get(key)?.result;
  }

  /**
   * @param run gets a function that it tells its progress to, in bytes
   * @returns `undefined` when too many are waiting already
   */
  start(
    key: string,
    totalBytes: number,
    run: (progressed: (bytes: number) => void) => Promise<T>,
  ): Promise<T> | undefined {
    if (this.#turns.length >= this.#limits.waiting) return undefined;
    const progressed = (doneBytes: number) => {
      job.state = { ...job.state, is: 'running', doneBytes };
    };
    const result = this.#inTurn(() => {
      progressed(0);
      return run(progressed);
    }).finally(() => this.#jobs.delete(key));
    const job: Job<T> = { state: { key, is: 'waiting', doneBytes: 0, totalBytes }, result };
    this.#jobs.set(key, job);
    return result;
  }

  async #inTurn(run: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.running) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else {
      this.#running += 1;
      await Promise.resolve(); // the job is known under its key before it begins
    }
    try {
      return await run();
    } finally {
      // The place is handed on rather than given back: nobody slips in between.
      const next = this.#turns.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
