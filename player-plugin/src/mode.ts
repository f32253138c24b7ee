/** `off`: plain hls.js. `edge-only`: ready to share, nobody to share with. `swarm`: connected to peers. */
export type Mode = 'off' | 'edge-only' | 'swarm';

/** All that decides the mode. */
export interface ModeView {
  readonly destroyed: boolean;
  /** Why the options cannot be used, in words. */
  readonly badOptions?: string | undefined;
  readonly consent: 'granted' | 'denied' | 'pending';
  /** The viewer's own switch. */
  readonly enabled: boolean;
  readonly hasWebRtc: boolean;
  /** Whether chunks can be verified on this page, or need not be. */
  readonly canVerify: boolean;
  /** The tracker said that this content must not be shared. */
  readonly blocked: boolean;
  /** Whether the tracker lets this viewer in, as far as is known. */
  readonly isAuthorised: boolean;
  readonly engine: 'loading' | 'ready' | 'failed';
  readonly tracker: 'connecting' | 'connected' | 'unreachable';
  readonly connectedPeers: number;
}

export interface ModeDecision {
  readonly mode: Mode;
  /** Why it is not `swarm`. */
  readonly reason?: string;
}

/** The first obstacle on the way to a swarm names the mode. */
export function decideMode(view: ModeView): ModeDecision {
  if (view.destroyed) return { mode: 'off', reason: 'destroyed' };
  if (view.badOptions !== undefined) return { mode: 'off', reason: view.badOptions };
  if (view.consent === 'denied') return { mode: 'off', reason: 'the viewer did not consent' };
  if (!view.enabled) return { mode: 'off', reason: 'switched off' };
  if (view.consent === 'pending') return { mode: 'edge-only', reason: 'waiting for consent' };
  if (!view.hasWebRtc) return { mode: 'edge-only', reason: 'this browser has no WebRTC' };
  if (!view.canVerify) return { mode: 'edge-only', reason: 'the page is not served over https' };
  if (view.blocked) return { mode: 'edge-only', reason: 'this content must not be shared' };
  if (!view.isAuthorised) return { mode: 'edge-only', reason: 'the tracker wants another token' };
  if (view.engine === 'failed') return { mode: 'edge-only', reason: 'the engine could not be loaded' };
  if (view.connectedPeers > 0) return { mode: 'swarm' };
  if (view.tracker === 'unreachable') return { mode: 'edge-only', reason: 'the tracker cannot be reached' };
  return { mode: 'edge-only', reason: 'no peers yet' };
}

/** Whether segments may pass through an engine at all. */
export function maySwarm(view: ModeView): boolean {
  return decideMode({ ...view, connectedPeers: 1 }).mode === 'swarm';
}
