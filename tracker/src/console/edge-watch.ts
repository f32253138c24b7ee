/** What the edges counted since the last look. */
export interface EdgeDeltas {
  readonly edgeSentBytes: number;
  readonly originBytes: number;
}

interface Counted {
  readonly sent: number;
  readonly origin: number;
}

const LOOK_TIMEOUT_MS = 2_000;

/** Asks the edges' admin ports for their counters, so that they can stand beside what players tell. */
export class EdgeWatch {
  readonly #urls: readonly string[];
  readonly #before = new Map<string, Counted>();
  /** How many answered the last time. */
  answered = 0;

  /** @param urls of the admin ports, such as http://127.0.0.1:9101 */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get total(): number {
    return this.#urls.length;
  }

  /** @returns null when no edge answered */
  async look(): Promise<EdgeDeltas | null> {
    const looks = await Promise.all(this.#urls.map((url) => this.#lookAt(url)));
    const deltas = looks.filter((delta) => delta !== undefined);
    this.answered = deltas.length;
    if (deltas.length === 0) return null;
    return {
      edgeSentBytes: deltas.reduce((sum, { sent }) => sum + sent, 0),
      originBytes: deltas.reduce((sum, { origin }) => sum + origin, 0),
    };
  }

  async #lookAt(url: string): Promise<Counted | undefined> {
    try {
      const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
      if (!response.ok) return undefined;
      const now = readEdgeMetrics(await response.text());
      const before = this.#before.get(url) ?? now;
      this.#before.set(url, now);
      // An edge that was started anew counts from zero.
      return { sent: increase(before.sent, now.sent), origin: increase(before.origin, now.origin) };
    } catch {
      return undefined; // the page says how many answered
    }
  }
}

function increase(before: number, now: number): number {
  return now >= before ? now - before : now;
}

export function readEdgeMetrics(text: string): Counted {
  return {
    sent: sampleOf(text, 'nearcast_edge_sent_bytes_total{kind="segment"}'),
    origin: sampleOf(text, 'nearcast_edge_origin_bytes_total'),
  };
}

function sampleOf(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
