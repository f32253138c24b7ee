import type { Random } from '../random.ts';
import type { DrawPool } from './draw-pool.ts';
import { nearnessOf, rungsOf } from './ladder.ts';
import { RttTable } from './rtt-table.ts';
import { selectPeers } from './select-peers.ts';
import type { Viewer } from './viewer.ts';
import type { ViewerOutbox } from './viewer-outbox.ts';

/** So much round trip speaks against a neighbour as much as one more that it has already, ms; and at most so many. */
const MS_PER_NEIGHBOUR = 50;
const MAX_RTT_COST = 4;

/** Who is introduced to whom: the nearest first, a few from far, and all of it at a cost that no swarm's size changes. */
export class Meeting {
  readonly #farDegree: number;
  readonly #random: Random;
  readonly #rtts = new RttTable();

  /** @param farDegree how many neighbours are outside the viewer's cell */
  constructor(farDegree: number, random: Random) {
    this.#farDegree = farDegree;
    this.#random = random;
  }

  /** What two neighbours measured stands for others from where they are. */
  noteRtt(viewer: Viewer, other: Viewer, rttMs: number): void {
    this.#rtts.note(viewer.place, other.place, rttMs);
  }

  /** Introduces the viewer to others of its swarm until it has `target` neighbours, or there is nobody left. */
  fill(viewer: Viewer, swarm: DrawPool<Viewer>, target: number, out: ViewerOutbox): void {
    if (target <= viewer.degree) return;
    const canMeet = whomMeets(viewer);
    const costOf = (other: Viewer) => this.#rttCost(viewer, other);
    const meet = (pool: readonly Viewer[], upTo: number, may = canMeet, cost = costOf) => {
      const count = Math.min(upTo, target - viewer.degree);
      for (const other of selectPeers(pool, count, may, this.#random, cost)) introduce(viewer, other, out);
    };
    const isOutside = (other: Viewer) => other.cell !== viewer.cell;
    const outside = countLinks(viewer, isOutside);
    const hasOutside = swarm.size > (viewer.cell?.size ?? 0);
    const near = hasOutside ? target - Math.max(this.#farDegree, outside) : target;
    for (const { pool, isNew, upTo } of rungsOf(viewer, near)) {
      meet(pool, upTo - (viewer.links.size - outside), (other) => isNew(other) && canMeet(other));
    }
    if (!hasOutside) return;
    const canMeetOutside = (other: Viewer) => isOutside(other) && canMeet(other);
    // One of them by chance alone: if everybody took the quickest, continents would lose each other.
    meet(swarm.all, 1, canMeetOutside, () => 0);
    meet(swarm.all, target, canMeetOutside);
    // Whom the outside lacks, the cell makes up for.
    meet(viewer.cell?.viewers ?? [], target);
  }

  #rttCost({ place }: Viewer, other: Viewer): number {
    // Of whom nobody has measured it may be the best: it is tried.
    const rttMs = this.#rtts.expectedMs(place, other.place) ?? 0;
    return Math.min(MAX_RTT_COST, rttMs / MS_PER_NEIGHBOUR);
  }
}

function whomMeets(viewer: Viewer): (other: Viewer) => boolean {
  return (other) =>
    other !== viewer &&
    other.meets &&
    !viewer.links.has(other) &&
    !viewer.claims?.has(other.id) &&
    !other.claims?.has(viewer.id) &&
    !viewer.avoids?.has(other.id) &&
    !other.avoids?.has(viewer.id);
}

function countLinks(viewer: Viewer, counts: (other: Viewer) => boolean): number {
  let count = 0;
  for (const other of viewer.links) if (counts(other)) count += 1;
  return count;
}

/** The newcomer makes the offer: it has nothing else to do. */
function introduce(viewer: Viewer, other: Viewer, out: ViewerOutbox): void {
  const nearness = nearnessOf(viewer.place, other.place);
  viewer.links.add(other);
  other.links.add(viewer);
  out.push({ to: other.connection, message: { type: 'introduce', peer: viewer.id, initiate: false, nearness } });
  out.push({ to: viewer.connection, message: { type: 'introduce', peer: other.id, initiate: true, nearness } });
}
