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

const off = (reason: string): ModeDecision => ({ mode: 'off', reason });
const edgeOnly = (reason: string): ModeDecision => ({ mode: 'edge-only', reason });

/** The first obstacle on the way to a swarm names the mode. */
export function decideMode(view: ModeView): ModeDecision {
  if (view.destroyed) return off('destroyed');
  if (view.badOptions !== undefined) return off(view.badOptions);
  if (view.consent === 'denied') return off('the viewer did not consent');
  if (!view.enabled) return off('switched off');
  if (view.consent === 'pending') return edgeOnly('waiting for consent');
  if (!view.hasWebRtc) return edgeOnly('this browser has no WebRTC');
  if (!view.canVerify) return edgeOnly('the page is not served over https');
  if (view.blocked) return edgeOnly('this content must not be shared');
  if (!view.isAuthorised) return edgeOnly('the tracker wants another token');
  if (view.engine === 'failed') return edgeOnly('the engine could not be loaded');
  if (view.connectedPeers > 0) return { mode: 'swarm' };
  if (view.tracker === 'unreachable') return edgeOnly('the tracker cannot be reached');
  return edgeOnly('no peers yet');
}

/** Whether segments may pass through an engine at all. */
export function maySwarm(view: ModeView): boolean {
  return decideMode({ ...view, connectedPeers: 1 }).mode === 'swarm';
}
