/** A panel as this package thinks of it: what is asked, and how to read the answer. `render.ts` makes it Grafana's. */
export interface Panel {
  readonly title: string;
  /** What it means, and when to worry. */
  readonly description: string;
  /** "number": the latest value, large. "trend": lines over time. "area": lines that add up. */
  readonly shows: 'number' | 'trend' | 'area';
  /** A unit id of Grafana: "percentunit", "Bps", "decbytes", "s", "short" … */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Where the colour changes, ascending. */
  readonly thresholds?: readonly Threshold[];
  /** Of 24 columns. */
  readonly width?: number;
  /** File name under `runbooks/`, without `.md`. */
  readonly runbook?: string;
}

export interface Query {
  readonly expr: string;
  /** What the line is called; `{{label}}` is filled in. */
  readonly legend: string;
  /** Why no answer is the rule while all is well; without it, the proof test wants data. */
  readonly emptyInHealth?: string;
}

export interface Threshold {
  /** `null` colours everything below the first value. */
  readonly from: number | null;
  readonly color: 'green' | 'yellow' | 'red';
}

export interface Dashboard {
  /** Part of its address in Grafana, and its file name. */
  readonly uid: string;
  /** The question that it answers. */
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
  /** What can be chosen besides the cluster. */
  readonly choices?: readonly ('content' | 'region' | 'rendition')[];
  /** Asks for a price per gigabyte. */
  readonly hasPrice?: boolean;
}

/** Green from a value upwards. */
export function goodAbove(good: number, bad: number): readonly Threshold[] {
  return [
    { from: null, color: 'red' },
    { from: bad, color: 'yellow' },
    { from: good, color: 'green' },
  ];
}

/** Green up to a value. */
export function goodBelow(good: number, bad: number): readonly Threshold[] {
  return [
    { from: null, color: 'green' },
    { from: good, color: 'yellow' },
    { from: bad, color: 'red' },
  ];
}
