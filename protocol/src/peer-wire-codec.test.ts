import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEY_NUMBERS, KeyNumbers } from './key-numbers.ts';
import { MAX_PEER_MESSAGE_BYTES, type PeerFrame, PIECE_BYTES, PIECE_HEADER_BYTES, type Piece } from './peer-wire.ts';
import { decodeFrames, decodePiece, encodeFrames, encodePiece, runsOf } from './peer-wire-codec.ts';

const KEY = '00'.repeat(16);
const key = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const chunk = fc.nat(127);
/** Up to `most`, and where another byte is needed more often than chance would have it. */
const number = (most: number) =>
  fc.oneof(
    fc.maxSafeNat().map((some) => some % (most + 1)),
    fc.constantFrom(...BOUNDS.filter((bound) => bound <= most), most),
  );
const BOUNDS = [7, 14, 16, 21, 28, 32, 35, 42, 49].flatMap((bits) => [2 ** bits - 1, 2 ** bits]).concat(0);
const u32 = number(2 ** 32 - 1);
const long = number(2 ** 52 - 1);
const ms = number(0xffff);
const wait = number(0x7ff).map((units) => 32 * units);
const runs = fc
  .uniqueArray(fc.nat(127), { minLength: 1, maxLength: 127 })
  .map((numbers) => runsOf(numbers.sort((a, b) => a - b)));
const frame: fc.Arbitrary<PeerFrame> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: fc.nat(255), upload: fc.boolean() }),
  fc.record(
    {
      type: fc.constant('segment' as const),
      key,
      rendition: u32,
      sequence: long,
      durationMs: u32,
      path: fc.webPath().map((path) => `/${path}`),
      range: fc.tuple(long, u32).map(([start, bytes]) => ({ start, end: start + Math.max(1, bytes) })),
    },
    { requiredKeys: ['type', 'key', 'rendition', 'sequence', 'durationMs', 'path'] },
  ),
  fc.record({ type: fc.constant('manifest' as const), manifest: fc.uint8Array({ minLength: 1, maxLength: 4300 }) }),
  fc.record({ type: fc.constantFrom('want-manifest' as const, 'drop' as const), key }),
  fc.record({ type: fc.constantFrom('have' as const, 'fetching' as const), key, runs }),
  fc.record({ type: fc.constant('request' as const), key, chunk, withinMs: wait }),
  fc.record({ type: fc.constant('refuse' as const), key, chunk, retryAfterMs: wait }),
  fc.record({ type: fc.constant('cancel' as const), key, chunk }),
  fc.record({
    type: fc.constant('ack' as const),
    arrivedAtMs: fc.nat(0xffff),
    runs: fc.array(fc.record({ first: u32, count: u32.map((count) => Math.max(1, count)) }), { minLength: 1 }),
  }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), id: fc.nat(65_535) }),
  fc.record({
    type: fc.constant('goodbye' as const),
    because: fc.constantFrom('leaving' as const, 'rejected' as const),
  }),
  // Eighths are whole both in ms and in binary.
  fc
    .tuple(u32, fc.nat(2 ** 40), fc.nat(2 ** 40))
    .map(([rendition, from, more]) => ({ type: 'window' as const, rendition, from: from / 8, to: (from + more) / 8 })),
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
      withinMs: wait,
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
    expect([first.length, second.length]).toEqual([3 + 17, 1 + 1]);
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
    expect(next.length).toBe(3 + 1 + 4 + 1 + 1 + 1 + 1 + '2.m4s'.length);
    expect(decodeFrames(next)).toBeUndefined();
  });

  test('[P9] a frame of an unknown type is skipped', () => {
    const [ping] = encodeFrames([{ type: 'ping', id: 7 }]) as [Uint8Array];
    expect(decodeFrames(Uint8Array.of(100, 0, 2, 1, 2, ...ping))).toEqual([{ type: 'ping', id: 7 }]);
    expect(decodeFrames(Uint8Array.of(0x82, 1, 2, ...ping))).toEqual([{ type: 'ping', id: 7 }]);
  });

  test('[P9] a key that is cut short changes nothing about those that begin like it', () => {
    const frame = { type: 'drop' as const, key: 'c0ffee'.padEnd(32, '0') };
    const [message] = encodeFrames([frame]) as [Uint8Array];
    expect(decodeFrames(message.subarray(0, 9).with(2, 6))).toBeUndefined();
    expect(decodeFrames(message)).toEqual([frame]);
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
    for (const header of [
      (code: number, bytes: number) => [code, 0, bytes],
      (code: number, bytes: number) => [128 + 8 * code + bytes],
    ]) {
      const asFrame = ([code, body]: [number, Uint8Array]) => Uint8Array.of(...header(code, body.length), ...body);
      fc.assert(fc.property(framed, (input) => void decodeFrames(asFrame(input))));
    }
    // As many bytes of a number as a message may have.
    const endless = new Uint8Array(MAX_PEER_MESSAGE_BYTES).fill(255);
    expect(decodeFrames(endless.with(0, 12).with(2, 253))).toBeUndefined();
  });

  const segment = { type: 'segment', key: KEY, rendition: 2 ** 32 - 1, sequence: 300, durationMs: 4000 } as const;
  const typical: readonly (readonly [number, PeerFrame])[] = [
    [4, { type: 'request', key: KEY, chunk: 40, withinMs: 2500 }],
    [4, { type: 'refuse', key: KEY, chunk: 40, retryAfterMs: 150 }],
    [3, { type: 'cancel', key: KEY, chunk: 40 }],
    [4, { type: 'have', key: KEY, runs: [{ first: 100, count: 20 }] }],
    [6, { type: 'ack', arrivedAtMs: 60_000, runs: [{ first: 16_000, count: 2 }] }],
    [7, { type: 'ack', arrivedAtMs: 60_000, runs: [{ first: 2_000_000, count: 100 }] }],
    [21, { ...segment, path: '/live/300.m4s' }],
    [28, { ...segment, path: '/live/300.m4s', range: { start: 2 ** 33, end: 2 ** 33 + 500_000 } }],
  ];

  test.each(typical)('[P15] %i bytes: %j', (bytes, frame) => {
    const numbers = new KeyNumbers();
    encodeFrames([{ ...segment, path: '/live/299.m4s' }], numbers);
    const [message] = encodeFrames([frame], numbers) as [Uint8Array];
    expect(message.length).toBe(bytes);
  });

  test.each([
    ['in one byte', [5], 5 * 32],
    ['in as many bytes as the greatest', [0x85, 0], 5 * 32],
    ['that is the greatest', [0xff, 15], 0x7ff * 32],
    ['that is too great', [0x80, 16], undefined],
    ['in too many bytes', [0x85, 0x80, 0], undefined],
    ['that is cut short', [0x85], undefined],
    ['that is missing', [], undefined],
  ])('[P15] a number %s', (_, bytes, withinMs) => {
    const body = [KEY_NUMBERS, ...new Uint8Array(16), 1, ...bytes];
    const frames = decodeFrames(Uint8Array.of(9, 0, body.length, ...body));
    expect(frames).toEqual(withinMs === undefined ? undefined : [{ type: 'request', key: KEY, chunk: 1, withinMs }]);
  });

  test.each([
    ['said in more bytes than it needs', [0x85, 0x80, 0], 5],
    ['the greatest of five bytes', [0xff, 0xff, 0xff, 0xff, 15], 2 ** 32 - 1],
    ['2^32', [0x80, 0x80, 0x80, 0x80, 16], undefined],
    ['six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0], undefined],
  ])('[P15] a piece whose id is %s', (_, bytes, id) => {
    const message = Uint8Array.of(...bytes, KEY_NUMBERS, ...new Uint8Array(16), 1, 0, 0, 9);
    expect(decodePiece(message)?.id).toBe(id);
  });

  test('[P1] the length of a short body stands beside the type, unless ends of other versions must read it', () => {
    const cancel = { type: 'cancel', key: KEY, chunk: 1 } as const;
    const known = () => {
      const numbers = new KeyNumbers();
      numbers.give(KEY);
      return numbers;
    };
    expect(encodeFrames([cancel], known())).toEqual([Uint8Array.of(0xda, 0, 1)]);
    expect(decodeFrames(Uint8Array.of(0xda, 0, 1), known())).toEqual([cancel]);
    expect(decodeFrames(Uint8Array.of(11, 0, 2, 0, 1), known())).toEqual([cancel]);
    for (const bytes of [1, 7, 8, 255, 256, 16_384]) {
      const frame = { type: 'manifest' as const, manifest: new Uint8Array(bytes).fill(7) };
      const [message] = encodeFrames([frame]) as [Uint8Array];
      expect(message.length).toBe((bytes < 8 ? 1 : 3) + bytes);
      expect(decodeFrames(message)).toEqual([frame]);
    }
  });

  test('[P15] [P16] what is out of bounds is said as the nearest that is not, and what is less than a unit is lost', () => {
    const request = { type: 'request', key: KEY, chunk: 1, withinMs: Number.POSITIVE_INFINITY } as const;
    const said = (withinMs: number) => decodeFrames(encodeFrames([{ ...request, withinMs }])[0] as Uint8Array);
    expect(said(Number.POSITIVE_INFINITY)).toEqual([{ ...request, withinMs: 0x7ff * 32 }]);
    expect(said(-7)).toEqual([{ ...request, withinMs: 0 }]);
    expect(said(319.9)).toEqual([{ ...request, withinMs: 288 }]);
  });

  test('[P4] what ends of different versions say to each other is the same in all of them', () => {
    const [first, ...more] = encodeFrames([
      { type: 'hello', version: 4, upload: true },
      { type: 'ping', id: 1 },
      { type: 'pong', id: 258 },
      { type: 'goodbye', because: 'version' },
    ]);
    expect(more).toEqual([]);
    expect([...(first ?? [])]).toEqual([1, 0, 2, 4, 1, 13, 0, 2, 0, 1, 14, 0, 2, 1, 2, 15, 0, 1, 3]);
    expect(decodeFrames(Uint8Array.of(1, 0, 2, 3, 1, 13, 0, 2, 0, 1))).toEqual([
      { type: 'hello', version: 3, upload: true },
      { type: 'ping', id: 1 },
    ]);
  });
});

describe('pieces', () => {
  const piece: fc.Arbitrary<Piece> = fc.record({
    id: u32,
    key,
    chunk,
    offset: u32,
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
    expect(message.length).toBe(5 + 9);
    expect(decodePiece(message, asked)).toEqual(given);
    const other = { ...given, key: 'ef'.repeat(16) };
    expect(decodePiece(encodePiece(other, heard), asked)).toEqual(other);
    expect(decodePiece(message, asked)).toEqual(given);
  });

  test.each([
    ['typical', { id: 16_383, chunk: 40, offset: 27_780, queueMs: 800 }, 9],
    [
      'late in a long stay',
      { id: 2 ** 28 - 1, chunk: 127, offset: 2 ** 21 - 1, queueMs: 2 ** 14 - 1 },
      PIECE_HEADER_BYTES,
    ],
    ['the most there is', { id: 2 ** 32 - 1, chunk: 127, offset: 2 ** 32 - 1, queueMs: 0xffff }, 15],
  ])('[P15] before the media of a piece, %s: %j', (_, numbers, headerBytes) => {
    const known = new KeyNumbers();
    known.give(KEY);
    expect(encodePiece({ ...numbers, key: KEY, bytes: new Uint8Array(9) }, known).length).toBe(headerBytes + 9);
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
