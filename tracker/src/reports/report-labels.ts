import { InvalidArgumentError } from 'commander';

/** What the counters of players are told apart by. Both are bounded: an operator names them, the rest is "other". */
export interface ReportLabels {
  readonly content: string;
  readonly region: string;
}

/** Swarms whose id fits the pattern (`*` is anything) are counted under the label. */
export interface ContentLabel {
  readonly pattern: string;
  readonly label: string;
}

export const OTHER = 'other';

/** Each one multiplies the number of series: 32 contents in 32 regions are a thousand of every counter. */
const MAX_LABELS = 32;
const LABEL = /^[\w.-]{1,64}$/;

/** @returns what says under which labels a viewer is counted */
export function labelsFor(
  contents: readonly ContentLabel[],
  regions: readonly string[],
): (swarm: string, region: string) => ReportLabels {
  const known = new Set(regions);
  return (swarm, region) => ({
    content: contents.find(({ pattern }) => fits(swarm, pattern))?.label ?? OTHER,
    region: known.has(region) ? region : OTHER,
  });
}

/** In linear time: the text is a stranger's. */
function fits(text: string, pattern: string): boolean {
  const [first = '', ...middle] = pattern.split('*');
  const last = middle.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of middle) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** `https://tv.example.com/news/*=news`: the last `=` divides, for a pattern may have one. */
export function parseContentLabels(items: readonly string[]): ContentLabel[] {
  const labels = items.map((item) => {
    const at = item.lastIndexOf('=');
    const [pattern, label] = [item.slice(0, at), item.slice(at + 1)];
    if (at < 1 || !LABEL.test(label)) {
      throw new InvalidArgumentError(`"${item}" is not pattern=label; a label has letters, digits, ".", "-" and "_".`);
    }
    return { pattern, label };
  });
  checkCount(labels.map(({ label }) => label));
  return labels;
}

export function parseRegionLabels(items: readonly string[]): readonly string[] {
  const wrong = items.find((item) => !LABEL.test(item));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`"${wrong}" is no region; it has letters, digits, ".", "-" and "_".`);
  }
  checkCount(items);
  return items;
}

function checkCount(labels: readonly string[]): void {
  if (new Set(labels).size > MAX_LABELS) throw new InvalidArgumentError(`There may be ${MAX_LABELS} labels at most.`);
}
