import { asCount, asObject, asText, type JsonObject, parseJsonObject } from '@nearcast/protocol';
import { SdpTexts } from './sdp-texts.ts';

/**
 * The WebTorrent tracker protocol as its clients speak it. There is no specification: bittorrent-tracker is the
 * reference, and the quirks named here are those of its client, of p2p-media-loader and of libtorrent.
 */

/** Twenty characters of U+0000–U+00FF, one per byte. p2p-media-loader fills them with base64 text instead of a binary hash. */
export type BinaryId = string & { readonly binaryId: unique symbol };

export interface SessionDescription {
  readonly type: 'offer' | 'answer';
  /** The SDP as JSON, quotes included: it is only passed on. */
  readonly sdpJson: string;
}

export interface Offer {
  readonly offerId: BinaryId;
  readonly offer: SessionDescription;
}

export type TorrentCommand =
  | {
      readonly is: 'announce';
      readonly infoHash: BinaryId;
      readonly peerId: BinaryId;
      readonly event: 'present' | 'completed' | 'stopped';
      /** Whether the peer says that it has everything; most video players say nothing. */
      readonly seeder: boolean;
      readonly offers: readonly Offer[];
      readonly wanted: number;
    }
  | {
      readonly is: 'answer';
      readonly infoHash: BinaryId;
      readonly peerId: BinaryId;
      readonly toPeerId: BinaryId;
      readonly offerId: BinaryId;
      readonly answer: SessionDescription;
    }
  | { readonly is: 'scrape'; readonly infoHashes: readonly BinaryId[] };

export interface MalformedCommand {
  readonly is: 'malformed';
  readonly because: string;
  /** Echoed, because a stock client that gets an error without them destroys its socket and stays away for minutes. */
  readonly action: 'announce' | 'scrape';
  readonly infoHash: string;
}

export interface TorrentLimits {
  /** Offers of one announce that are passed on; more are ignored. */
  readonly maxOffers: number;
  /** Characters of one SDP. */
  readonly maxSdpLength: number;
  /** Infohashes in one scrape. */
  readonly maxScrape: number;
}

export type TorrentReply =
  | {
      readonly action: 'announce';
      readonly interval: number;
      readonly info_hash: string;
      readonly complete: number;
      readonly incomplete: number;
    }
  | {
      readonly action: 'announce';
      readonly info_hash: string;
      readonly peer_id: string;
      readonly offer_id: string;
      readonly offer: SessionDescription;
    }
  | {
      readonly action: 'announce';
      readonly info_hash: string;
      readonly peer_id: string;
      readonly offer_id: string;
      readonly answer: SessionDescription;
    }
  | {
      readonly action: 'scrape';
      readonly files: Readonly<Record<string, { complete: number; incomplete: number; downloaded: number }>>;
    }
  | { readonly action: 'announce' | 'scrape'; readonly info_hash: string; readonly 'failure reason': string };

/** As it goes out. */
export function replyText(reply: TorrentReply): string {
  if ('offer' in reply) return passedText(reply, reply.offer);
  if ('answer' in reply) return passedText(reply, reply.answer);
  if ('interval' in reply) return countsText(reply);
  return JSON.stringify(reply);
}

function countsText({
  interval,
  info_hash,
  complete,
  incomplete,
}: Extract<TorrentReply, { interval: number }>): string {
  const counts = `"complete":${complete},"incomplete":${incomplete}`;
  return `{"action":"announce","interval":${interval},"info_hash":${quoted(info_hash)},${counts}}`;
}

type Passed = Extract<TorrentReply, { peer_id: string }>;

function passedText({ info_hash, peer_id, offer_id }: Passed, { type, sdpJson }: SessionDescription): string {
  const [infoHash, peerId, offerId] = [quoted(info_hash), quoted(peer_id), quoted(offer_id)];
  const ids = `"action":"announce","info_hash":${infoHash},"peer_id":${peerId},"offer_id":${offerId}`;
  return `{${ids},"${type}":{"type":"${type}","sdp":${sdpJson}}}`;
}

/** ASCII with nothing to be escaped, as video players choose their ids. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** As JSON. */
function quoted(id: string): string {
  return PLAIN.test(id) ? `"${id}"` : JSON.stringify(id);
}

export function parseTorrentCommand(text: string, limits: TorrentLimits): TorrentCommand | MalformedCommand {
  const given = parseJsonObject(text);
  if (!given) return malformed({}, 'not a JSON object');
  const sdps = new SdpTexts(text);
  switch (given.action) {
    case 'announce':
      return given.answer === undefined ? parseAnnounce(given, sdps, limits) : parseAnswer(given, sdps, limits);
    case 'scrape':
      return parseScrape(given, limits);
    default:
      return malformed(given, 'action must be "announce" or "scrape"');
  }
}

function malformed(given: JsonObject, because: string): MalformedCommand {
  const action = given.action === 'scrape' ? 'scrape' : 'announce';
  return { is: 'malformed', because, action, infoHash: asBinaryId(given.info_hash) ?? '' };
}

function asBinaryId(value: unknown): BinaryId | undefined {
  if (typeof value !== 'string' || value.length !== 20) return undefined;
  for (let index = 0; index < 20; index++) if (value.charCodeAt(index) > 0xff) return undefined;
  return value as BinaryId;
}

function asDescription(
  value: unknown,
  type: SessionDescription['type'],
  sdps: SdpTexts,
  maxLength: number,
): SessionDescription | undefined {
  const given = asObject(value);
  const sdp = asText(given?.sdp, maxLength);
  return given?.type === type && sdp !== undefined ? { type, sdpJson: sdps.next(sdp) } : undefined;
}

/** "update", "paused" and "" come from real clients and mean no more than being there. */
const events: Readonly<Record<string, 'present' | 'completed' | 'stopped'>> = {
  started: 'present',
  completed: 'completed',
  stopped: 'stopped',
  update: 'present',
  paused: 'present',
  empty: 'present',
  '': 'present',
};

function parseAnnounce(given: JsonObject, sdps: SdpTexts, limits: TorrentLimits): TorrentCommand | MalformedCommand {
  const infoHash = asBinaryId(given.info_hash);
  if (!infoHash) return malformed(given, 'info_hash must be 20 characters of one byte each');
  const peerId = asBinaryId(given.peer_id);
  if (!peerId) return malformed(given, 'peer_id must be 20 characters of one byte each');
  const name = given.event ?? '';
  const event = typeof name === 'string' && Object.hasOwn(events, name) ? events[name] : undefined;
  if (!event) return malformed(given, 'unknown event');
  const offers = parseOffers(given.offers, sdps, limits);
  if (!offers) return malformed(given, 'offers must be a list of {offer, offer_id}');
  const wanted = asCount(given.numwant, 1000) ?? offers.length;
  return { is: 'announce', infoHash, peerId, event, seeder: given.left === 0, offers, wanted };
}

function parseOffers(given: unknown, sdps: SdpTexts, limits: TorrentLimits): Offer[] | undefined {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) return undefined;
  const offers: Offer[] = [];
  for (const item of given.slice(0, limits.maxOffers)) {
    const fields = asObject(item);
    const offerId = asBinaryId(fields?.offer_id);
    const offer = asDescription(fields?.offer, 'offer', sdps, limits.maxSdpLength);
    if (!offerId || !offer) return undefined;
    offers.push({ offerId, offer });
  }
  return offers;
}

function parseAnswer(given: JsonObject, sdps: SdpTexts, limits: TorrentLimits): TorrentCommand | MalformedCommand {
  const infoHash = asBinaryId(given.info_hash);
  const peerId = asBinaryId(given.peer_id);
  const toPeerId = asBinaryId(given.to_peer_id);
  const offerId = asBinaryId(given.offer_id);
  if (!infoHash || !peerId || !toPeerId || !offerId) {
    return malformed(given, 'info_hash, peer_id, to_peer_id and offer_id must be 20 characters of one byte each');
  }
  const answer = asDescription(given.answer, 'answer', sdps, limits.maxSdpLength);
  if (!answer) return malformed(given, 'answer must be {type: "answer", sdp}');
  return { is: 'answer', infoHash, peerId, toPeerId, offerId, answer };
}

function parseScrape(given: JsonObject, limits: TorrentLimits): TorrentCommand | MalformedCommand {
  const asked = given.info_hash;
  // A scrape of everything would list what is being watched; only named swarms are answered.
  const list = Array.isArray(asked) ? asked : [asked];
  if (list.length > limits.maxScrape) return malformed(given, `at most ${limits.maxScrape} infohashes in one scrape`);
  const infoHashes = list.map(asBinaryId);
  if (!infoHashes.every((id) => id !== undefined)) return malformed(given, 'scrape needs info_hash');
  return { is: 'scrape', infoHashes };
}
