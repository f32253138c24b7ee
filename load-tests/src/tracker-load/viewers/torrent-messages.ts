import { randomBytes } from 'node:crypto';
import { sampleSdp } from './sample-sdp.ts';

/** As JSON. Prepared, for a generator that makes descriptions, or escapes them, would measure itself. */
const prepared = Array.from({ length: 64 }, () => ({ offer: sdpJson('offer'), answer: sdpJson('answer') }));

function sdpJson(type: 'offer' | 'answer'): string {
  return JSON.stringify(sampleSdp(type));
}

/** A description as JSON. */
export function anyDescription(type: 'offer' | 'answer'): string {
  return `{"type":"${type}","sdp":${prepared[Math.floor(Math.random() * prepared.length)]?.[type]}}`;
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
  const counters = { numwant: offerIds.length, uploaded: 0, downloaded: 0, left: null };
  const announce = JSON.stringify({ ...counters, action: 'announce', info_hash: infoHash, peer_id: peerId });
  const offers = offerIds.map((id) => `{"offer":${anyDescription('offer')},"offer_id":${JSON.stringify(id)}}`);
  return `${announce.slice(0, -1)},"offers":[${offers.join(',')}]}`;
}

export interface RelayedOffer {
  readonly info_hash: string;
  readonly offer_id: string;
  readonly peer_id: string;
}

export function answerText({ info_hash, offer_id, peer_id: to_peer_id }: RelayedOffer, peer_id: string): string {
  const ids = JSON.stringify({ action: 'announce', info_hash, peer_id, to_peer_id });
  return `${ids.slice(0, -1)},"answer":${anyDescription('answer')},"offer_id":${JSON.stringify(offer_id)}}`;
}
