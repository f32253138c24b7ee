import { Counter, type CounterConfiguration, type LabelValues } from 'prom-client';

/** What was counted since it was last read, for whoever counts a lot under the same labels to add to. */
export interface Tally {
  count: number;
}

interface LabelledTally<Label extends string> extends Tally {
  readonly labels: LabelValues<Label>;
}

/**
 * A counter for what happens with every message or report. prom-client checks and sorts the labels' names at each increment, which is
 * a twentieth of what a relayed message costs; here that is done when the counter is read.
 */
export class TalliedCounter<Label extends string = string> extends Counter<Label> {
  readonly #tallies = new Map<string, LabelledTally<Label>>();
  readonly #add: Counter<Label>['inc'];

  constructor(configuration: CounterConfiguration<Label>) {
    super(configuration);
    // prom-client gives each counter an `inc` of its own, which no class can override.
    this.#add = this.inc.bind(this);
    this.inc = (given: object | number = {}, by: number = 1): void => {
      // Exemplars are for the other format, which is switched on nowhere.
      if (typeof given === 'number') this.tallyOf({}).count += given;
      else this.tallyOf(given as LabelValues<Label>).count += by;
    };
  }

  /** Names of labels always come in the same order, as they do from one place in the code. Its series begins, at 0. */
  tallyOf(labels: LabelValues<Label>): Tally {
    const key = Object.values(labels).join('\0');
    const known = this.#tallies.get(key);
    if (known) return known;
    const tally = { labels, count: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  override async get(): ReturnType<Counter<Label>['get']> {
    for (const tally of this.#tallies.values()) {
      this.#add(tally.labels, tally.count);
      tally.count = 0;
    }
    return await super.get();
  }
}
