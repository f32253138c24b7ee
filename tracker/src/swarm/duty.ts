import type { Random } from '../random.ts';
import type { Cell } from './cell.ts';
import { DutyRing, type RingMember } from './duty-ring.ts';
import type { Move } from './region-cells.ts';
import type { Viewer } from './viewer.ts';
import type { ViewerOutbox } from './viewer-outbox.ts';

/**
 * What counts of the uplink of one who has just come. Whoever only looks in leaves soon, and what it was given moves on.
 * How many do that differs by site; one half is a judgement, not a measurement.
 */
const NEWCOMERS_SHARE = 0.5;

/** When so many of those who stay leave a cell at once, its ring is divided anew. */
const SHARE_THAT_DIVIDES = 0.25;

/** Who of a swarm fetches what: a ring for each cell that is large enough, one for all others. */
export class Duty {
  readonly #ownRingFrom: number;
  readonly #random: Random;
  readonly #commonRing: DutyRing<Viewer>;

  /** @param ownRingFrom viewers in a cell with a ring of its own */
  constructor(ownRingFrom: number, random: Random) {
    this.#ownRingFrom = ownRingFrom;
    this.#random = random;
    this.#commonRing = new DutyRing(random);
  }

  /** The viewer has come, or may upload now. */
  take(viewer: Viewer, out: ViewerOutbox): void {
    const { cell } = viewer;
    if (!cell || !mayHaveDuty(viewer)) return;
    if (!cell.ring && cell.size >= this.#ownRingFrom) this.#openRing(cell, out);
    if (viewer.ring === undefined) this.#add(viewer, cell, out);
  }

  giveUp(viewer: Viewer, out: ViewerOutbox): void {
    tellArcs(viewer.ring?.remove(viewer) ?? [], out);
    viewer.ring = undefined;
  }

  /** What the viewer can pass on, or how long it will stay, is seen differently now. */
  reweigh(viewer: Viewer, out: ViewerOutbox): void {
    if (mayHaveDuty(viewer)) tellArcs(viewer.ring?.reweigh(viewer, weightOf(viewer)) ?? [], out);
  }

  /** Not at once below `ownRingFrom`: a cell that wavers around it would move everybody all the time. */
  shrank(cell: Cell, out: ViewerOutbox): void {
    if (!cell.ring || cell.size >= this.#ownRingFrom / 2) return;
    cell.ring = undefined;
    for (const viewer of cell.viewers) this.#change(viewer, cell, out);
  }

  /** Many at once: where a ring is divided anew, each of its members hears of it once. */
  moved({ viewers, from, to }: Move, out: ViewerOutbox): void {
    if (to.ring || to.size < this.#ownRingFrom) {
      for (const viewer of viewers) this.#change(viewer, to, out);
      return;
    }
    // Of those who stay only heirs hear when a few go.
    const dividesBoth = viewers.length >= SHARE_THAT_DIVIDES * from.size;
    for (const viewer of viewers) this.giveUp(viewer, dividesBoth ? [] : out);
    this.#openRing(to, out);
    if (from.ring && dividesBoth) this.#openRing(from, out);
  }

  #openRing(cell: Cell, out: ViewerOutbox): void {
    const members = cell.viewers.filter(mayHaveDuty);
    for (const viewer of members) {
      // The ring that is replaced needs no heirs.
      if (viewer.ring !== cell.ring) this.giveUp(viewer, out);
    }
    const ring = new DutyRing<Viewer>(this.#random);
    cell.ring = ring;
    tellArcs(ring.divideAmong(members.map((viewer) => [viewer, weightOf(viewer)])), out);
    for (const viewer of members) viewer.ring = ring;
  }

  #change(viewer: Viewer, cell: Cell, out: ViewerOutbox): void {
    this.giveUp(viewer, out);
    if (mayHaveDuty(viewer)) this.#add(viewer, cell, out);
  }

  #add(viewer: Viewer, cell: Cell, out: ViewerOutbox): void {
    const ring = cell.ring ?? this.#commonRing;
    viewer.ring = ring;
    tellArcs(ring.add(viewer, weightOf(viewer)), out);
  }
}

export function mayHaveDuty({ meets, upload, dutyBitsPerSecond }: Viewer): boolean {
  return meets && upload && dutyBitsPerSecond > 0;
}

function weightOf({ dutyBitsPerSecond, settled }: Viewer): number {
  return dutyBitsPerSecond * (settled ? 1 : NEWCOMERS_SHARE);
}

function tellArcs(members: readonly RingMember<Viewer>[], out: ViewerOutbox): void {
  for (const { id: viewer, arc } of members) out.push({ to: viewer.connection, message: { type: 'duty', arc } });
}
