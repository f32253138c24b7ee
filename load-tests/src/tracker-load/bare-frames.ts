/** Frames for the bare relay: as many and as large as the messages of the WebTorrent dialect, with a target instead of JSON. */

/** A relayed offer or answer with a sample description, in JSON. */
const RELAYED_BYTES = 877;
/** An announce without its offers. */
const ANNOUNCE_BYTES = 160;
/** The reply to an announce. */
const COUNTS_BYTES = 99;

type Kind = 'hello' | 'announce' | 'offer' | 'answer' | 'counts';
const letters = { hello: 'H', announce: 'A', offer: 'O', answer: 'R', counts: 'C' } as const satisfies Record<
  Kind,
  string
>;
const kinds = new Map<number, Kind>(
  (Object.keys(letters) as Kind[]).map((kind) => [letters[kind].charCodeAt(0), kind]),
);

export function kindOf(frame: Buffer): Kind | undefined {
  return kinds.get(frame[0] ?? 0);
}

function frameOf(kind: Kind, bytes: number, peer = 0, id = ''): Buffer {
  const frame = Buffer.alloc(bytes, 'x');
  frame.write(letters[kind] + String(peer).padStart(8, '0') + id.padEnd(20), 'latin1');
  return frame;
}

export const countsFrame: Buffer = frameOf('counts', COUNTS_BYTES);

/** Says who a connection is. */
export function helloFrame(peer: number): Buffer {
  return frameOf('hello', 40, peer);
}

/** An announce of `peer` with offers, each of which says whom to answer. */
export function announceFrame(peer: number, ids: readonly string[]): Buffer {
  const offers = ids.map((id) => frameOf('offer', RELAYED_BYTES, peer, id));
  return Buffer.concat([frameOf('announce', ANNOUNCE_BYTES, peer), ...offers]);
}

export function offersIn(frame: Buffer): Buffer[] {
  const offers: Buffer[] = [];
  for (let at = ANNOUNCE_BYTES; at < frame.length; at += RELAYED_BYTES)
    offers.push(frame.subarray(at, at + RELAYED_BYTES));
  return offers;
}

export function answerFrame(offer: Buffer): Buffer {
  return frameOf('answer', RELAYED_BYTES, peerIn(offer), idIn(offer));
}

/** Who it is from, or for: an answer is for whoever made the offer. */
export function peerIn(frame: Buffer): number {
  return Number(frame.toString('latin1', 1, 9));
}

export function idIn(frame: Buffer): string {
  return frame.toString('latin1', 9, 29).trimEnd();
}
