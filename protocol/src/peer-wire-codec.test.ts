import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEY_NUMBERS, KeyNumbers } from './key-numbers.ts';
import { MAX_PEER_MESSAGE_BYTES, type PeerFrame, PIECE_BYTES, PIECE_HEADER_BYTES, type Piece } from './peer-wire.ts';
import { decodeFrames, decodePiece, encodeFrames, encodePiece, runsOf } from './peer-wire-codec.ts';

const key = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const chunk = fc.nat(127);
const ms = fc.nat(0xffff);
const runs = fc
  .uniqueArray(fc.nat(127), { minLength: 1, maxLength: 127 })
  .map((numbers) => runsOf(numbers.sort((a, b) => a - b)));
const frame: fc.Arbitrary<PeerFrame> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: fc.nat(255), upload: fc.boolean() }),
  fc.record(
    {
      type: fc.constant('segment' as const),
      key,
      rendition: fc.nat(2 ** 32 - 1),
      sequence: fc.nat(2 ** 32 - 1),
      durationMs: fc.nat(2 ** 32 - 1),
      path: fc.webPath().map((path) => `/${path}`),
      range: fc.record({ start: fc.nat(1e6), end: fc.integer({ min: 1_000_001, max: 2 ** 40 }) }),
    },
    { requiredKeys: ['type', 'key', 'rendition', 'sequence', 'durationMs', 'path'] },
  ),
  fc.record({ type: fc.constant('manifest' as const), manifest: fc.uint8Array({ minLength: 1, maxLength: 4300 }) }),
  fc.record({ type: fc.constantFrom('want-manifest' as const, 'drop' as const), key }),
  fc.record({ type: fc.constantFrom('have' as const, 'fetching' as const), key, runs }),
  fc.record({ type: fc.constant('request' as const), key, chunk, withinMs: ms }),
  fc.record({
    type: fc.constant('refuse' as const),
    key,
    chunk,
    because: fc.constantFrom('busy' as const, 'absent' as const, 'late' as const, 'unwilling' as const),
    retryAfterMs: ms,
  }),
  fc.record({ type: fc.constant('cancel' as const), key, chunk }),
  fc.record({
    type: fc.constant('ack' as const),
    arrivedAtMs: fc.nat(2 ** 32 - 1),
    runs: fc.array(fc.record({ first: fc.nat(2 ** 32 - 1), count: fc.integer({ min: 1, max: 65_535 }) }), {
      minLength: 1,
      maxLength: 64,
    }),
  }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), id: fc.nat(65_535) }),
  fc.record({
    type: fc.constant('goodbye' as const),
    because: fc.constantFrom('leaving' as const, 'rejected' as const),
  }),
  fc
    .tuple(
      fc.nat(2 ** 32 - 1),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
    )
    .map(([rendition, from, more]) => ({ type: 'window' as const, rendition, from, to: from + more })),
);

describe('frames', () => {
  test('any run of frames survives, in messages of at most 64 KiB', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const messages = encodeFrames(frames);
        for (const message of messages) expect(message.length).toBeLessThanOrEqual(MAX_PEER_MESSAGE_BYTES);
        expect(messages.flatMap((message) => decodeFrames(message) ?? [])).toEqual(frames);
      }),
    );
  });

  test('[P13] names of segments are known to the other end, in whatever messages they were said', () => {
    // Few keys, so that numbers are used, and more than there are numbers, so that they are given again.
    const keys = Array.from({ length: KEY_NUMBERS + 3 }, (_, index) => index.toString(16).padStart(32, '0'));
    const request = fc.record({
      type: fc.constant('request' as const),
      key: fc.oneof(fc.constantFrom(...keys.slice(0, 3)), fc.constantFrom(...keys)),
      chunk,
      withinMs: ms,
    });
    fc.assert(
      fc.property(fc.array(fc.array(request, { maxLength: 90 }), { maxLength: 9 }), (said) => {
        const [given, heard] = [new KeyNumbers(), new KeyNumbers()];
        const messages = said.map((frames) => encodeFrames(frames, given));
        expect(messages.map((some) => some.flatMap((message) => decodeFrames(message, heard)))).toEqual(said);
      }),
    );
  });

  test('[P13] a key is written once, and a number that was not given spoils the message', () => {
    const given = new KeyNumbers();
    const frames = [{ type: 'drop' as const, key: 'ab'.repeat(16) }];
    const [first, second] = [encodeFrames(frames, given), encodeFrames(frames, given)].flat() as [
      Uint8Array,
      Uint8Array,
    ];
    expect([first.length, second.length]).toEqual([3 + 17, 3 + 1]);
    expect(decodeFrames(second)).toBeUndefined();
    const heard = new KeyNumbers();
    expect(decodeFrames(first, heard)).toEqual(frames);
    expect(decodeFrames(second, heard)).toEqual(frames);
  });

  test('[P14] of a path only what is new is said', () => {
    const path = fc
      .array(fc.constantFrom('/', 'live', 'é', '𝄞', '1', '2'), { maxLength: 99 })
      .map((parts) => `/${parts.join('')}`);
    const about = { type: 'segment' as const, key: 'ab'.repeat(16), rendition: 1, sequence: 2, durationMs: 3 };
    fc.assert(
      fc.property(fc.array(path, { maxLength: 5 }), (paths) => {
        const [given, heard] = [new KeyNumbers(), new KeyNumbers()];
        const frames = paths.map((path) => ({ ...about, path }));
        const messages = frames.flatMap((frame) => encodeFrames([frame], given));
        expect(messages.flatMap((message) => decodeFrames(message, heard))).toEqual(frames);
      }),
    );
    const given = new KeyNumbers();
    const said = (path: string) => encodeFrames([{ ...about, path }], given)[0] as Uint8Array;
    said('/live/video/segment-00041.m4s');
    const next = said('/live/video/segment-00042.m4s');
    expect(next.length).toBe(3 + 1 + 12 + 1 + 1 + '2.m4s'.length);
    expect(decodeFrames(next)).toBeUndefined();
  });

  test('[P9] a frame of an unknown type is skipped', () => {
    const [ping] = encodeFrames([{ type: 'ping', id: 7 }]) as [Uint8Array];
    expect(decodeFrames(Uint8Array.of(200, 0, 2, 1, 2, ...ping))).toEqual([{ type: 'ping', id: 7 }]);
  });

  test('[P9] what is cut short, or has a field out of bounds, spoils its message', () => {
    const [request] = encodeFrames([{ type: 'request', key: '00'.repeat(16), chunk: 1, withinMs: 5 }]) as [Uint8Array];
    expect(decodeFrames(request)).toHaveLength(1);
    for (let length = 1; length < request.length; length++) {
      expect(decodeFrames(request.subarray(0, length))).toBeUndefined();
    }
    expect(decodeFrames(request.with(3 + 17, 128))).toBeUndefined();
    expect(decodeFrames(new Uint8Array(MAX_PEER_MESSAGE_BYTES + 1))).toBeUndefined();
  });

  test('no input throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeFrames(bytes)));
    const framed = fc.tuple(fc.nat(20), fc.uint8Array({ maxLength: 60 }));
    const asFrame = ([code, body]: [number, Uint8Array]) => Uint8Array.of(code, 0, body.length, ...body);
    fc.assert(fc.property(framed, (input) => void decodeFrames(asFrame(input))));
  });
});

describe('pieces', () => {
  const piece: fc.Arbitrary<Piece> = fc.record({
    id: fc.nat(2 ** 32 - 1),
    key,
    chunk,
    offset: fc.nat(500).map((piece) => piece * PIECE_BYTES),
    queueMs: ms,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 2000 }),
  });

  test('survive', () => {
    fc.assert(fc.property(piece, (given) => void expect(decodePiece(encodePiece(given))).toEqual(given)));
  });

  test('[P13] have the number that they were asked for with, and give none', () => {
    const given = { id: 1, key: 'cd'.repeat(16), chunk: 0, offset: 0, queueMs: 0, bytes: new Uint8Array(9) };
    const [asked, heard] = [new KeyNumbers(), new KeyNumbers()];
    const ask = encodeFrames([{ type: 'request', key: given.key, chunk: 0, withinMs: 1 }], asked)[0] as Uint8Array;
    decodeFrames(ask, heard);
    const message = encodePiece(given, heard).slice();
    expect(message.length).toBe(PIECE_HEADER_BYTES + 9);
    expect(decodePiece(message, asked)).toEqual(given);
    const other = { ...given, key: 'ef'.repeat(16) };
    expect(decodePiece(encodePiece(other, heard), asked)).toEqual(other);
    expect(decodePiece(message, asked)).toEqual(given);
  });

  test('that are empty, too long or misplaced are none', () => {
    const good = { id: 1, key: '00'.repeat(16), chunk: 0, offset: 0, queueMs: 0, bytes: new Uint8Array(PIECE_BYTES) };
    expect(decodePiece(encodePiece(good))).toBeDefined();
    expect(decodePiece(encodePiece({ ...good, bytes: new Uint8Array(PIECE_BYTES + 1) }))).toBeUndefined();
    expect(decodePiece(encodePiece({ ...good, bytes: new Uint8Array() }))).toBeUndefined();
    expect(decodePiece(encodePiece({ ...good, chunk: 128 }))).toBeUndefined();
  });

  test('no input throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodePiece(bytes)));
  });
});

test.each([
  [[], []],
  [[3], [{ first: 3, count: 1 }]],
  [
    [0, 1, 2, 5, 6, 9],
    [
      { first: 0, count: 3 },
      { first: 5, count: 2 },
      { first: 9, count: 1 },
    ],
  ],
])('runsOf(%j)', (numbers, expected) => {
  expect(runsOf(numbers)).toEqual(expected);
});
