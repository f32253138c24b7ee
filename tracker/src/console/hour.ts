import type { Sample } from './console-view.ts';

const HOUR_MS = 3_600_000;

type Timed = Omit<Sample, 'ageMs'> & { readonly at: number };

/** The samples of the last hour. */
export class Hour {
  #samples: Timed[] = [];

  add(sample: Omit<Sample, 'ageMs'>, now: number): void {
    this.#samples = this.#samples.filter(({ at }) => now - at < HOUR_MS);
    this.#samples.push({ ...sample, at: now });
  }

  all(now: number): readonly Sample[] {
    return this.#samples.map(({ at, ...sample }) => ({ ...sample, ageMs: now - at }));
  }
}
