import type { PlaybackReport } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { ViewerSwarms } from '../swarm/viewer-swarms.ts';
import type { ConsoleEvents, ConsoleView } from './console-view.ts';
import { type AccountOf, drawSwarm } from './draw-swarm.ts';
import type { EdgeWatch } from './edge-watch.ts';
import { checkHealth } from './health.ts';
import { Hour } from './hour.ts';

const SAMPLE_EVERY_MS = 5_000;
const VIEW_EVERY_MS = 1_000;
const MAX_ROWS = 20;

export interface ConsoleDeps {
  readonly swarms: ViewerSwarms;
  readonly edges: EdgeWatch;
  readonly clock: Clock;
  readonly reportEveryMs: number;
  readonly accountOf: AccountOf;
  connections(): number;
  swarmCount(): number;
  isDraining(): boolean;
}

export type Tell = <Name extends keyof ConsoleEvents>(event: Name, data: ConsoleEvents[Name]) => void;

/** Follows what viewers tell, and tells the operators who look. */
export class LiveConsole {
  readonly #deps: ConsoleDeps;
  /** Of all viewers since the last sample. */
  #fresh = { peerBytes: 0, edgeBytes: 0 };
  #rejectedChunks = 0;
  #lastReportAt: number | undefined;
  readonly #hour = new Hour();
  readonly #lookers = new Map<Tell, string | undefined>();
  readonly #stops = new Map<string, () => void>();

  constructor(deps: ConsoleDeps) {
    this.#deps = deps;
    void deps.edges.look(); // what they counted until now is not ours to show
    this.#every('view', VIEW_EVERY_MS, () => {
      for (const [tell, swarm] of this.#lookers) tell('view', this.view(swarm));
    });
    this.#every('sample', SAMPLE_EVERY_MS, () => void this.#sample());
  }

  /** @param report what the clamp let through */
  reported({ peerBytes, edgeBytes, rejectedChunks }: PlaybackReport): void {
    this.#fresh.peerBytes += peerBytes;
    this.#fresh.edgeBytes += edgeBytes;
    this.#rejectedChunks += rejectedChunks;
    this.#lastReportAt = this.#deps.clock.now();
  }

  /** @param swarm the one to draw; the largest without it @returns a function that stops it */
  follow(swarm: string | undefined, tell: Tell): () => void {
    tell('history', this.#hour.all(this.#deps.clock.now()));
    tell('view', this.view(swarm));
    this.#lookers.set(tell, swarm);
    return () => void this.#lookers.delete(tell);
  }

  view(wanted: string | undefined): ConsoleView {
    const { swarms, edges, clock, reportEveryMs, accountOf } = this.#deps;
    const lastReportAt = this.#lastReportAt;
    const rows = swarms.names().map((id) => ({ id, viewers: swarms.sizeOf(id) }));
    rows.sort((a, b) => b.viewers - a.viewers || a.id.localeCompare(b.id));
    const drawn = rows.find(({ id }) => id === wanted)?.id ?? rows[0]?.id;
    return {
      connections: this.#deps.connections(),
      viewers: swarms.viewerCount,
      swarmCount: this.#deps.swarmCount(),
      swarms: rows.slice(0, MAX_ROWS),
      drawing: drawn === undefined ? null : drawSwarm(drawn, swarms.viewersOf(drawn), accountOf),
      health: checkHealth({
        isDraining: this.#deps.isDraining(),
        viewers: swarms.viewerCount,
        sinceReportMs: lastReportAt === undefined ? undefined : clock.now() - lastReportAt,
        reportEveryMs,
        edgesAnswering: edges.answered,
        edges: edges.total,
        rejectedChunks: this.#rejectedChunks,
      }),
    };
  }

  stop(): void {
    for (const cancel of this.#stops.values()) cancel();
    this.#lookers.clear();
  }

  async #sample(): Promise<void> {
    const { swarms, edges, clock } = this.#deps;
    const counted = await edges.look();
    const { edgeSentBytes, originBytes } = counted ?? { edgeSentBytes: null, originBytes: null };
    const sample = { viewers: swarms.viewerCount, ...this.#fresh, edgeSentBytes, originBytes };
    this.#fresh = { peerBytes: 0, edgeBytes: 0 };
    this.#hour.add(sample, clock.now());
    for (const tell of this.#lookers.keys()) tell('sample', { ...sample, ageMs: 0 });
  }

  #every(name: string, ms: number, run: () => void): void {
    const again = () => {
      this.#stops.set(name, this.#deps.clock.after(ms, again));
      run();
    };
    this.#stops.set(name, this.#deps.clock.after(ms, again));
  }
}
