import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTorrentCommand, replyText, type TorrentReply } from './webtorrent.ts';

const limits = { maxOffers: 3, maxSdpLength: 100, maxScrape: 2 };
const parse = (message: object) => parseTorrentCommand(JSON.stringify(message), limits);
const infoHash = String.fromCharCode(0, 255, ...Array.from({ length: 18 }, (_, index) => index * 14));
const base64Hash = 'QUJDREVGR0hJSktMTU5P';
const announce = { action: 'announce', info_hash: infoHash, peer_id: '-PM0203-abcdefghijkl' };
const offer = { offer: { type: 'offer', sdp: 'v=0' }, offer_id: '12345678901234567890' };

describe('parseTorrentCommand', () => {
  test.each([infoHash, base64Hash])('keeps an infohash byte by byte: %j', (hash) => {
    expect(parse({ ...announce, info_hash: hash })).toMatchObject({ is: 'announce', infoHash: hash });
  });

  test.each([
    [undefined, 'present'],
    ['', 'present'],
    ['started', 'present'],
    ['update', 'present'],
    ['paused', 'present'],
    ['empty', 'present'],
    ['completed', 'completed'],
    ['stopped', 'stopped'],
  ])('event %j means %s', (event, meaning) => {
    expect(parse({ ...announce, event })).toMatchObject({ event: meaning });
  });

  test.each([
    [0, true],
    [1, false],
    [null, false],
    [undefined, false],
    ['0', false],
  ])('left %j: seeder %s', (left, seeder) => {
    expect(parse({ ...announce, left })).toMatchObject({ seeder });
  });

  test('numwant defaults to the offers, of which only so many are read', () => {
    expect(parse({ ...announce, offers: [offer, offer, offer, offer] })).toMatchObject({
      wanted: 3,
      offers: [{}, {}, {}],
    });
    expect(parse({ ...announce, numwant: '5', offers: [] })).toMatchObject({ wanted: 0 });
  });

  test('an answer needs all four ids and an SDP', () => {
    const given = { ...announce, to_peer_id: '-PM0203-zzzzzzzzzzzz', offer_id: offer.offer_id };
    expect(parse({ ...given, answer: { type: 'answer', sdp: 'v=0' } })).toMatchObject({ is: 'answer' });
    expect(parse({ ...given, answer: { type: 'offer', sdp: 'v=0' } })).toMatchObject({ is: 'malformed' });
    expect(parse({ ...announce, answer: { type: 'answer', sdp: 'v=0' } })).toMatchObject({ is: 'malformed' });
  });

  test.each([
    ['not JSON', '{'],
    ['no object', '[]'],
    ['no action', '{}'],
    ['a short infohash', JSON.stringify({ ...announce, info_hash: 'short' })],
    ['an infohash with a character of two bytes', JSON.stringify({ ...announce, info_hash: `${'a'.repeat(19)}Ā` })],
    ['an infohash that is no text', JSON.stringify({ ...announce, info_hash: 5 })],
    ['no peer_id', JSON.stringify({ ...announce, peer_id: undefined })],
    ['an event of Object.prototype', JSON.stringify({ ...announce, event: 'toString' })],
    ['offers that are no list', JSON.stringify({ ...announce, offers: {} })],
    [
      'a giant SDP',
      JSON.stringify({ ...announce, offers: [{ ...offer, offer: { type: 'offer', sdp: 'x'.repeat(101) } }] }),
    ],
    ['a scrape of everything', JSON.stringify({ action: 'scrape' })],
    ['a long scrape', JSON.stringify({ action: 'scrape', info_hash: [infoHash, infoHash, infoHash] })],
  ])('%s is malformed, with an action that stock clients know', (_, text) => {
    expect(parseTorrentCommand(text, limits)).toMatchObject({
      is: 'malformed',
      action: expect.stringMatching(/^(announce|scrape)$/),
      infoHash: expect.any(String),
    });
  });

  test('no input throws', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constant(infoHash), fc.constant(offer), fc.constant([offer]));
    const message = fc.record(
      {
        action: fc.oneof(fc.constantFrom('announce', 'scrape'), fc.jsonValue()),
        info_hash: field,
        peer_id: field,
        to_peer_id: field,
        offer_id: field,
        offers: field,
        answer: field,
        event: field,
        numwant: field,
        left: field,
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(fc.oneof(message, fc.jsonValue()), (value) => void parse(value as object)));
    fc.assert(fc.property(fc.string(), (text) => void parseTorrentCommand(text, limits)));
  });
});

describe('replyText', () => {
  test('writes what JSON would', () => {
    const id = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }));
    const ids = fc.record({ info_hash: id, peer_id: id, offer_id: id });
    fc.assert(
      fc.property(ids, fc.nat(), fc.nat(), fc.constantFrom('offer', 'answer'), (given, complete, incomplete, type) => {
        const counts = { action: 'announce', interval: 120, info_hash: given.info_hash, complete, incomplete } as const;
        expect(replyText(counts)).toBe(JSON.stringify(counts));
        const description = { type, sdpJson: '"v=0"' } as const;
        const passed = { action: 'announce', ...given, [type]: description } as unknown as TorrentReply;
        expect(JSON.parse(replyText(passed))).toEqual({
          action: 'announce',
          ...given,
          [type]: { type, sdp: 'v=0' },
        });
      }),
    );
  });
});
