/** What the viewers' lines can send. */
export type Uplinks =
  | { readonly is: 'unshaped' }
  /** The same for everybody, bit/s. */
  | { readonly is: 'equal'; readonly bitsPerSecond: number }
  /** Poor, ordinary and good lines side by side, over and over. */
  | { readonly is: 'mixed' };

/** Mbit/s of eight viewers, in an order that mixes them over the time of joining. */
const mixedMbits = [1.4, 0.4, 3.5, 1.4, 1.4, 0.4, 3.5, 1.4];

/** @returns `undefined` for a line without a limit */
export function uplinkOf(uplinks: Uplinks, viewer: number): number | undefined {
  switch (uplinks.is) {
    case 'unshaped':
      return undefined;
    case 'equal':
      return uplinks.bitsPerSecond;
    case 'mixed':
      return (mixedMbits[viewer % mixedMbits.length] as number) * 1e6;
  }
}

/** The fluid bound of offload: one copy has to come from the edge, and nobody can pass on more than all uplinks carry. */
export function offloadBound(uplinks: Uplinks, viewers: number, bitsPerSecond: number): number {
  const byCopies = 1 - 1 / viewers;
  const lines = Array.from({ length: viewers }, (_, viewer) => uplinkOf(uplinks, viewer) ?? Number.POSITIVE_INFINITY);
  const mean = lines.reduce((sum, line) => sum + line, 0) / viewers;
  return Math.min(byCopies, mean / bitsPerSecond);
}

export function describeUplinks(uplinks: Uplinks): string {
  if (uplinks.is === 'equal') return `uplinks of ${uplinks.bitsPerSecond / 1e6} Mbit/s`;
  return uplinks.is === 'mixed' ? 'mixed uplinks of 0.4, 1.4 and 3.5 Mbit/s' : 'unshaped';
}
