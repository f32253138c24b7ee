/** What the console's page is told, as server-sent events: `history` once, then `sample` and `view` as they come. */
export interface ConsoleEvents {
  readonly history: readonly Sample[];
  readonly sample: Sample;
  readonly view: ConsoleView;
}

/** What happened in one stretch of time. Bytes are those of the stretch, not totals. */
export interface Sample {
  /** How long ago it ended when it was sent, ms. */
  readonly ageMs: number;
  readonly viewers: number;
  /** As players tell. */
  readonly peerBytes: number;
  readonly edgeBytes: number;
  /** As the edges count; null while none answers. */
  readonly edgeSentBytes: number | null;
  readonly originBytes: number | null;
}

/** How things are. */
export interface ConsoleView {
  readonly connections: number;
  readonly viewers: number;
  readonly swarmCount: number;
  /** The largest ones. */
  readonly swarms: readonly SwarmRow[];
  /** The swarm that was asked for, or the largest. */
  readonly drawing: SwarmDrawing | null;
  readonly health: readonly HealthCheck[];
}

export interface SwarmRow {
  readonly id: string;
  readonly viewers: number;
}

export interface SwarmDrawing {
  readonly id: string;
  /** At most as many as can be drawn. */
  readonly viewers: readonly DrawnViewer[];
  /** How many more there are. */
  readonly undrawn: number;
  readonly links: readonly DrawnLink[];
}

export interface DrawnViewer {
  /** Random, made for this connection; nothing in it says who or where. */
  readonly id: string;
  readonly region: string;
  readonly peerBytes: number;
  readonly edgeBytes: number;
  readonly uploadedBytes: number;
  /** Share of the stream that it fetches for others, 0…1; 0 is no duty. */
  readonly duty: number;
}

export interface DrawnLink {
  readonly a: string;
  readonly b: string;
  /** Media that went over it, in both directions. */
  readonly bytes: number;
}

export interface HealthCheck {
  readonly name: string;
  readonly isWell: boolean;
  readonly detail: string;
}
