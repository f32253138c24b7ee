/**
 * Where uplinks do not carry the stream, the edge must give the rest. What it gives just before the playhead gets there helps
 * nobody else; the same bytes asked for when the segment is new can be passed on (docs/decisions/0074).
 */

/** The first segments of a stay are repaired for want of neighbours: it takes some three of them to get above 0. */
export const FIRST_EARLY_SHARE = -1.4;

/** From this share on uplinks do not carry what is played: less is what chance leaves. */
export const SCARCE_FROM_SHARE = 0.05;

/** From this share on more is repaired than chance leaves, for a while: another neighbour may help (docs/decisions/0080). */
export const LACKING_FROM_SHARE = -0.04;

/** So much is repaired by chance. */
const CHANCE = 0.1;

/**
 * Of what the edge gives, beyond chance, half early and half in the end: as long as something is repaired the swarm does all
 * it can. Where uplinks suffice it is halved with each segment.
 * @param share which share of a live segment was asked of the edge at once; below 0: none
 * @param repaired which share had to be repaired in the end
 * @returns the share for those that follow
 */
export function nextEarlyShare(share: number, repaired: number): number {
  return (share + repaired - CHANCE) / 2;
}
