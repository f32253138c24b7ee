import { DrawPool } from './draw-pool.ts';
import type { DutyRing } from './duty-ring.ts';
import type { Viewer } from './viewer.ts';

/** A part of a region, small enough to be one mesh with one duty ring however large the swarm is. */
export class Cell {
  readonly #viewers = new DrawPool<Viewer>();
  readonly #lans = new Map<string, DrawPool<Viewer>>();
  readonly #networks = new Map<string, DrawPool<Viewer>>();
  /** Undefined while the cell is too small for a ring of its own. */
  ring: DutyRing<Viewer> | undefined;

  get size(): number {
    return this.#viewers.size;
  }

  /** In no order that means anything. */
  get viewers(): readonly Viewer[] {
    return this.#viewers.all;
  }

  /** Those of one LAN; of an unknown one nobody. */
  inLan(lan: string): readonly Viewer[] {
    return this.#lans.get(lan)?.all ?? [];
  }

  inNetwork(network: string): readonly Viewer[] {
    return this.#networks.get(network)?.all ?? [];
  }

  add(viewer: Viewer): void {
    viewer.cell = this;
    this.#viewers.add(viewer);
    addTo(this.#lans, viewer.place.lan, viewer);
    addTo(this.#networks, viewer.place.network, viewer);
  }

  delete(viewer: Viewer): void {
    viewer.cell = undefined;
    this.#viewers.delete(viewer);
    deleteFrom(this.#lans, viewer.place.lan, viewer);
    deleteFrom(this.#networks, viewer.place.network, viewer);
  }
}

/** Pools by name, each there only while somebody is in it; what has no name has no pool. */
export function addTo<T>(pools: Map<string, DrawPool<T>>, name: string, member: T): void {
  if (name === '') return;
  const pool = pools.get(name) ?? new DrawPool<T>();
  pools.set(name, pool);
  pool.add(member);
}

export function deleteFrom<T>(pools: Map<string, DrawPool<T>>, name: string, member: T): void {
  const pool = pools.get(name);
  pool?.delete(member);
  if (pool?.size === 0) pools.delete(name);
}
