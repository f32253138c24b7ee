/** Sets of up to 32 things as the bits of one number. */

/** How many bits are set. */
export function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  return count;
}

/** A bit that is not among these; 0 when all 32 are. */
export function freeBit(bits: number): number {
  return ~bits & (bits + 1);
}
