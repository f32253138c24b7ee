import type { Nearness } from '@nearcast/protocol';
import type { Place } from '../locality/place.ts';
import type { Viewer } from './viewer.ts';

/**
 * How near two viewers are. Two of unknown region count as of one: nothing says otherwise. One address is not one LAN where
 * the site says that its users are in different regions.
 */
export function nearnessOf(a: Place, b: Place): Nearness {
  if (a.region !== b.region) return 'far';
  if (a.lan !== '' && a.lan === b.lan) return 'lan';
  return a.network !== '' && a.network === b.network ? 'network' : 'region';
}

/** Whom to draw neighbours from, and how many of all neighbours may be from there or nearer. */
export interface Rung {
  readonly pool: readonly Viewer[];
  /** Of the pool, those whom no nearer rung has. */
  readonly isNew: (other: Viewer) => boolean;
  readonly upTo: number;
}

/**
 * From the nearest to the widest within the viewer's cell. Each wider circle that has others keeps a place at least: a LAN
 * that knows only itself would be an island, and its gaps would be filled from the edge.
 *
 * @param near how many neighbours within the cell there are to be
 */
export function rungsOf({ cell, place }: Viewer, near: number): Rung[] {
  if (!cell) return [];
  const [lan, network, all] = [cell.inLan(place.lan), cell.inNetwork(place.network), cell.viewers];
  const beyondLan = +(network.length > lan.length);
  const beyondNetwork = +(all.length > Math.max(lan.length, network.length));
  const isOfLan = (other: Viewer) => place.lan !== '' && other.place.lan === place.lan;
  const isOfNetwork = (other: Viewer) => place.network !== '' && other.place.network === place.network;
  return [
    { pool: lan, isNew: () => true, upTo: near - beyondLan - beyondNetwork },
    { pool: network, isNew: (other) => !isOfLan(other), upTo: near - beyondNetwork },
    { pool: all, isNew: (other) => !isOfLan(other) && !isOfNetwork(other), upTo: near },
    // Whom the wide circle lacks, the narrow ones make up for.
    { pool: all, isNew: () => true, upTo: near },
  ];
}
