/**
 * Where a viewer is, as names that are only ever compared; empty means unknown. Nothing here is an address: what stands
 * for one is a keyed hash, so that the state of a swarm can be looked at, and compared between replicas.
 */
export interface Place {
  /** Those who share it are in one site of the operator's, or behind one public address. */
  readonly lan: string;
  /** Who carries their traffic: an autonomous system. */
  readonly network: string;
  readonly city: string;
  /** A site, a country, or what the viewer's token says: within it one copy from the edge should do. */
  readonly region: string;
}

export const nowhere: Place = { lan: '', network: '', city: '', region: '' };

/** Longest region that a token may name, characters. */
const MAX_REGION_LENGTH = 64;

/** What a viewer's token says of its region the site knows better than any database. */
export function inRegion(place: Place, claimed: string | undefined): Place {
  return claimed === undefined ? place : { ...place, region: claimed.slice(0, MAX_REGION_LENGTH) };
}
