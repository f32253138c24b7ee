import { lookup } from 'node:dns/promises';

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

/** All addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** Of one family: an edge may have an address of each, and is still one. */
const resolveName: ResolveName = async (name) => {
  const found = await lookup(name, { all: true });
  return found.filter(({ family }) => family === found[0]?.family).map(({ address }) => address);
};

/** Asks the edges' admin ports for their counters, so that they can stand beside what players tell. */
export class EdgeWatch {
  readonly #urls: readonly string[];
  readonly #resolve: ResolveName;
  #before: ReadonlyMap<string, Counted> = new Map();
  /** How many answered the last time. */
  answered = 0;
  /** How many there were then. */
  total: number;

  /** @param urls of the admin ports, such as http://127.0.0.1:9101; a name with several addresses is as many edges */
  constructor(urls: readonly string[], resolve: ResolveName = resolveName) {
    this.#urls = urls;
    this.#resolve = resolve;
    this.total = urls.length;
  }

  /** @returns null when no edge answered */
  async look(): Promise<EdgeDeltas | null> {
    const edges = [...new Set((await Promise.all(this.#urls.map((url) => this.#addressesOf(url)))).flat())];
    const looks = await Promise.all(edges.map(async (edge) => [edge, await askEdge(edge)] as const));
    const deltas = looks.flatMap(([edge, now]) => (now ? [increase(this.#before.get(edge) ?? now, now)] : []));
    this.total = edges.length;
    this.answered = deltas.length;
    // One that does not answer now may do so later; one that has no address any more is gone.
    this.#before = new Map(
      looks.flatMap(([edge, now]) => {
        const counted = now ?? this.#before.get(edge);
        return counted ? [[edge, counted]] : [];
      }),
    );
    if (deltas.length === 0) return null;
    return {
      edgeSentBytes: deltas.reduce((sum, { sent }) => sum + sent, 0),
      originBytes: deltas.reduce((sum, { origin }) => sum + origin, 0),
    };
  }

  /** The pods behind a headless service have one name; asking it anew each time would ask now this one, now that one. */
  async #addressesOf(url: string): Promise<string[]> {
    const { protocol, hostname } = new URL(url);
    // A certificate is for the name.
    if (protocol !== 'http:') return [url];
    try {
      const addresses = await this.#resolve(hostname);
      return addresses.map((address) => {
        const one = new URL(url);
        one.hostname = address.includes(':') ? `[${address}]` : address;
        return one.href;
      });
    } catch {
      return [url]; // it will not answer either
    }
  }
}

async function askEdge(url: string): Promise<Counted | undefined> {
  try {
    const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    return response.ok ? readEdgeMetrics(await response.text()) : undefined;
  } catch {
    return undefined; // the page says how many answered
  }
}

/** An edge that was started anew counts from zero. */
function increase(before: Counted, now: Counted): Counted {
  return {
    sent: now.sent >= before.sent ? now.sent - before.sent : now.sent,
    origin: now.origin >= before.origin ? now.origin - before.origin : now.origin,
  };
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
