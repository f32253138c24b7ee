import { randomBytes } from 'node:crypto';
import { sampleSdp } from './sample-sdp.ts';

/** Prepared, for a generator that makes descriptions would measure itself. */
const prepared = Array.from({ length: 64 }, () => ({ offer: sampleSdp('offer'), answer: sampleSdp('answer') }));

export function anySdp(type: 'offer' | 'answer'): string {
  return prepared[Math.floor(Math.random() * prepared.length)]?.[type] ?? '';
}

/** Twenty characters, as p2p-media-loader has them. */
export function newBinaryId(): string {
  return randomBytes(15).toString('base64');
}

export function swarmName(number: number): string {
  return `swarm-${number}`.padEnd(20, '.');
}

/** As bittorrent-tracker's client writes it. */
export function announceText(infoHash: string, peerId: string, offerIds: readonly string[]): string {
  return JSON.stringify({
    numwant: offerIds.length,
    uploaded: 0,
    downloaded: 0,
    left: null,
    action: 'announce',
    info_hash: infoHash,
    peer_id: peerId,
    offers: offerIds.map((offer_id) => ({ offer: { type: 'offer', sdp: anySdp('offer') }, offer_id })),
  });
}

export interface RelayedOffer {
  readonly info_hash: string;
  readonly offer_id: string;
  readonly peer_id: string;
}

export function answerText({ info_hash, offer_id, peer_id: to_peer_id }: RelayedOffer, peer_id: string): string {
  const answer = { type: 'answer', sdp: anySdp('answer') };
  return JSON.stringify({ action: 'announce', info_hash, peer_id, to_peer_id, answer, offer_id });
}
