/** What decides whether the edge is asked for pieces. */
export interface SupplyView {
  readonly use: 'playback' | 'download';
  /** How long playback can go on with what is here, s. */
  readonly aheadSeconds: number;
  /** Whether peers have sent something lately. */
  readonly peersDeliver: boolean;
  /** Whether connected peers have every piece that is missing. */
  readonly peersHaveAll: boolean;
}

/** Below that, the edge helps even while peers deliver. */
const URGENT_SECONDS = 5;
/** What the edge alone is asked for, ahead of playback: about what browsers buffer by themselves. */
const COMFORTABLE_SECONDS = 20;

/** Peers first, as long as nobody has to wait for them. */
export function wantsWebSeed({ use, aheadSeconds, peersDeliver, peersHaveAll }: SupplyView): boolean {
  if (use === 'download') return !(peersDeliver && peersHaveAll);
  return aheadSeconds < (peersDeliver && peersHaveAll ? URGENT_SECONDS : COMFORTABLE_SECONDS);
}
