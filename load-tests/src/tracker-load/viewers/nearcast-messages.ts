import { emptyReport, type ViewerMessage } from '@nearcast/protocol';
import { sampleCandidate } from './sample-sdp.ts';
import { anyDescription } from './torrent-messages.ts';

/** What a viewer of the Nearcast dialect says, in the sizes of a real one. */

const text = (message: ViewerMessage) => JSON.stringify(message);

export function joinText(swarm: string): string {
  return text({ type: 'join', swarm, engine: 'swarm', upload: true });
}

export function descriptionText(to: string, type: 'offer' | 'answer'): string {
  return `{"type":"signal","to":${JSON.stringify(to)},"signal":{"description":${anyDescription(type)}}}`;
}

/** What took longer than the rest: reflexive, from a STUN server that is far or slow. */
export function candidateText(to: string): string {
  const candidate = { candidate: sampleCandidate(), sdpMid: '0', sdpMLineIndex: 0 };
  return text({ type: 'signal', to, signal: { candidate } });
}

export function updateText(): string {
  return text({ type: 'update', upload: true, dutyBitsPerSecond: Math.round(500_000 + Math.random() * 3_500_000) });
}

/** A stream of 2 Mbit/s, four fifths of it from these peers. */
export function reportText(peers: readonly string[], coversMs: number): string {
  const share = Math.round((200 * coversMs) / Math.max(1, peers.length));
  const links = peers.map((peer) => ({ peer, receivedBytes: share, sentBytes: share, rttMs: 23 }));
  const counted = { coversMs, playedMs: coversMs, peerBytes: share * peers.length, edgeBytes: 50 * coversMs };
  const sent = { uploadedBytes: share * peers.length, controlBytes: 4 * coversMs, dutyBytes: 40 * coversMs };
  const report = { ...emptyReport, ...counted, ...sent, connectedPeers: peers.length, mode: 'swarm', links } as const;
  return text({ type: 'report', report });
}
