import { Counter, type CounterConfiguration, type LabelValues } from 'prom-client';

/** What was counted since it was last read, for whoever counts a lot under the same labels to add to. */
export interface Tally {
  count: number;
}

interface LabelledTally<Label extends string> extends Tally {
  readonly labels: LabelValues<Label>;
}

interface Branch<Label extends string> {
  readonly next: Map<string | number | undefined, Branch<Label>>;
  tally: LabelledTally<Label> | undefined;
}

function newBranch<Label extends string>(): Branch<Label> {
  return { next: new Map(), tally: undefined };
}

function nextOf<Label extends string>({ next }: Branch<Label>, value: string | number | undefined): Branch<Label> {
  const known = next.get(value);
  if (known) return known;
  const branch = newBranch<Label>();
  next.set(value, branch);
  return branch;
}

/**
 * A counter for what happens with every message or report. prom-client checks and sorts the labels' names at each increment, which is
 * a twentieth of what a relayed message costs; here that is done when the counter is read.
 */
export class TalliedCounter<Label extends string = string> extends Counter<Label> {
  readonly #tallies: LabelledTally<Label>[] = [];
  /** By the value of one label after the other: to join them into one key would cost more than all else here. */
  readonly #root: Branch<Label> = newBranch();
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
    let branch = this.#root;
    for (const name in labels) branch = nextOf(branch, labels[name]);
    if (branch.tally) return branch.tally;
    branch.tally = { labels, count: 0 };
    this.#tallies.push(branch.tally);
    return branch.tally;
  }

  override async get(): ReturnType<Counter<Label>['get']> {
    for (const tally of this.#tallies) {
      this.#add(tally.labels, tally.count);
      tally.count = 0;
    }
    return await super.get();
  }
}
