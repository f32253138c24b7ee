import { Counter, type IncreaseDataWithExemplar, type LabelValues } from 'prom-client';

interface Tally<Label extends string> {
  readonly labels: LabelValues<Label>;
  count: number;
}

/**
 * A counter for what happens with every message or report. prom-client checks and sorts the labels' names at each increment, which is
 * a twentieth of what a relayed message costs; here that is done when the counter is read.
 */
export class TalliedCounter<Label extends string> extends Counter<Label> {
  readonly #tallies = new Map<string, Tally<Label>>();

  /** Names of labels always come in the same order, as they do from one place in the code. */
  override inc(given: LabelValues<Label> | IncreaseDataWithExemplar<Label> | number = {}, by = 1): void {
    if (typeof given === 'number') {
      super.inc(given);
      return;
    }
    // Exemplars are for the other format, which is switched on nowhere.
    const labels = given as LabelValues<Label>;
    const key = Object.values(labels).join('\0');
    const tally = this.#tallies.get(key);
    if (tally) tally.count += by;
    else this.#tallies.set(key, { labels, count: by });
  }

  override async get(): ReturnType<Counter<Label>['get']> {
    for (const tally of this.#tallies.values()) {
      super.inc(tally.labels, tally.count);
      tally.count = 0;
    }
    return await super.get();
  }
}
