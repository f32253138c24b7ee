import { randomBytes } from 'node:crypto';

/**
 * A data channel's description as Chromium writes it, with the candidates of a host with one interface and a reflexive
 * one, and fresh credentials: 650–750 characters, the size that trackers see.
 */
export function sampleSdp(type: 'offer' | 'answer'): string {
  const fingerprint = randomBytes(32).toString('hex').toUpperCase().match(/../g)?.join(':');
  const port = 20_000 + Math.floor(Math.random() * 40_000);
  return [
    'v=0',
    `o=- ${randomBytes(7).readUIntBE(0, 6)} 2 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`,
    'c=IN IP4 203.0.113.7',
    `a=candidate:${port}1 1 udp 2113937151 192.168.1.23 ${port} typ host generation 0 network-cost 999`,
    `a=candidate:${port}2 1 udp 1677729535 203.0.113.7 ${port} typ srflx raddr 192.168.1.23 rport ${port} generation 0 network-cost 999`,
    `a=ice-ufrag:${randomBytes(3).toString('base64url')}`,
    `a=ice-pwd:${randomBytes(18).toString('base64url')}`,
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=setup:${type === 'offer' ? 'actpass' : 'active'}`,
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n');
}

/** A trickled candidate, as Chromium gives it to the page. */
export function sampleCandidate(): string {
  const port = 20_000 + Math.floor(Math.random() * 40_000);
  return `candidate:${port}2 1 udp 1677729535 203.0.113.7 ${port} typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd network-cost 999`;
}
