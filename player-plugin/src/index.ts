import type Hls from 'hls.js';
import { browserClock } from './clock.ts';
import { type P2POptions, resolveOptions } from './config.ts';
import { type P2PSession, Session } from './session.ts';

export type { P2POptions } from './config.ts';
export type { P2PEvents, WarningReason } from './events.ts';
export type { Mode } from './mode.ts';
export type { P2PSession, P2PStats } from './session.ts';

/**
 * Lets the viewers of an hls.js player share segments. Works before and after `loadSource`, on any hls.js from 1.5.
 *
 * Never throws and never stops playback: whatever is missing or wrong, hls.js loads from the edge as before, and the
 * session says why (`stats.reason`, the `warning` event, and one line on the console for a wrong option).
 */
export function attachP2P(hls: Hls, options: P2POptions): P2PSession {
  return new Session(hls, resolveOptions(options), { clock: browserClock, random: Math.random });
}
