/** What decides whether the edge is asked for pieces. */
export type SupplyView = PlaybackSupply | DownloadSupply;

interface PlaybackSupply {
  readonly use: 'playback';
  /** How long playback can go on with what is here, s. */
  readonly aheadSeconds: number;
  /** Whether peers have sent something lately. */
  readonly peersDeliver: boolean;
  /** Whether connected peers have every piece that is missing. */
  readonly peersHaveAll: boolean;
}

interface DownloadSupply {
  readonly use: 'download';
  /** What peers gave of late, bytes/s. */
  readonly peerRate: number;
  /** What the edge gave of late, bytes/s. */
  readonly edgeRate: number;
  /** What the edge alone would give, bytes/s, once that is known. */
  readonly edgeCapacity: number | undefined;
}

/** Below that, the edge helps even while peers deliver. */
const URGENT_SECONDS = 5;
/** What the edge alone is asked for, ahead of playback: about what browsers buffer by themselves. */
const COMFORTABLE_SECONDS = 20;
/** Nobody notices a download that takes 3 % longer. */
const AS_GOOD_AS = 0.97;

/** Peers first, as long as nobody has to wait for them: playback goes on, and a download is as fast as a plain one. */
export function wantsWebSeed(view: SupplyView): boolean {
  if (view.use === 'download') return leavesGap(view);
  const { aheadSeconds, peersDeliver, peersHaveAll } = view;
  return aheadSeconds < (peersDeliver && peersHaveAll ? URGENT_SECONDS : COMFORTABLE_SECONDS);
}

/** The edge fills what peers leave of the rate that it alone would have. */
function leavesGap({ peerRate, edgeRate, edgeCapacity }: DownloadSupply): boolean {
  return edgeCapacity === undefined || peerRate === 0 || edgeRate < AS_GOOD_AS * edgeCapacity - peerRate;
}
