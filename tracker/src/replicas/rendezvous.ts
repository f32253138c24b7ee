/** A replica, from one start to its end or to the next time it was cut off: random. */
export type NodeId = string;

/**
 * Which of the replicas keeps what is called `key`: the one with the highest hash of both (Thaler and Ravishankar 1998).
 * When one goes, only what it kept moves.
 */
export function ownerOf(key: string, nodes: readonly NodeId[]): NodeId | undefined {
  let owner: NodeId | undefined;
  let highest = -1;
  for (const node of nodes) {
    const score = hash(`${node}\n${key}`);
    if (score < highest || (score === highest && owner !== undefined && node > owner)) continue;
    highest = score;
    owner = node;
  }
  return owner;
}

/** FNV-1a over UTF-16 units, then the finaliser of MurmurHash3: FNV alone leaves similar names with similar scores. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01_00_01_93);
  value = Math.imul(value ^ (value >>> 16), 0x85_eb_ca_6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2_b2_ae_35);
  return (value ^ (value >>> 16)) >>> 0;
}
