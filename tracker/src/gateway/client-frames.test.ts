import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { ClientFrames, Scratch } from './client-frames.ts';

/** What `ws` reads with; its types leave it out. */
interface LibraryReceiver {
  on(event: string, listener: (...args: unknown[]) => void): void;
  write(chunk: Buffer): boolean;
}
const { Receiver } = ws as unknown as { Receiver: new (options: object) => LibraryReceiver };

const MAX_PAYLOAD_BYTES = 1000;

function libraryReceiver(told: unknown[][]): LibraryReceiver & { isDone: boolean } {
  const receiver = Object.assign(new Receiver({ isServer: true, maxPayload: MAX_PAYLOAD_BYTES }), { isDone: false });
  receiver.on('message', (data, isBinary) => told.push([isBinary === true ? 'binary' : 'text', String(data)]));
  receiver.on('ping', (data) => told.push(['ping', String(data)]));
  receiver.on('pong', () => told.push(['pong']));
  const done = (...what: unknown[]) => {
    receiver.isDone = true;
    told.push(what);
  };
  receiver.on('conclude', (code) => done('close', code));
  receiver.on('error', (error) => done('error', (error as Error).message));
  return receiver;
}

/** As a gateway does, but for the sockets: `ws` hears nothing more when it is done. */
async function tell(push: (chunk: Buffer) => void, chunks: readonly Buffer[], isDone: () => boolean): Promise<void> {
  for (const chunk of chunks) {
    if (isDone()) return;
    push(Buffer.from(chunk));
    await setImmediate();
  }
}

async function readByBoth(chunks: readonly Buffer[]): Promise<[unknown[][], unknown[][]]> {
  const [expected, told]: [unknown[][], unknown[][]] = [[], []];
  const alone = libraryReceiver(expected);
  await tell(
    (chunk) => alone.write(chunk),
    chunks,
    () => alone.isDone,
  );
  const beside = libraryReceiver(told);
  const toLibrary = (bytes: Buffer) => void beside.write(bytes);
  let push = (chunk: Buffer) => frames.push(chunk);
  const frames = new ClientFrames(MAX_PAYLOAD_BYTES, new Scratch(MAX_PAYLOAD_BYTES), {
    text: (text) => told.push(['text', text]),
    pong: () => told.push(['pong']),
    ping: toLibrary,
    rest(bytes) {
      push = toLibrary;
      toLibrary(bytes);
    },
  });
  await tell(
    (chunk) => push(chunk),
    chunks,
    () => beside.isDone,
  );
  return [expected, told];
}

interface Frame {
  readonly opening: number;
  readonly payload: Buffer;
  readonly mask: Buffer | undefined;
  /** Of the length: 7, 16 or 64 bits, or as few as it takes. */
  readonly bits: 7 | 16 | 64 | undefined;
}

function bytesOf({ opening, payload, mask, bits }: Frame): Buffer {
  const { length } = payload;
  const needed = length < 126 ? 7 : 16;
  const used = Math.max(needed, bits ?? 7);
  const header = Buffer.alloc({ 7: 2, 16: 4, 64: 10 }[used] ?? 2);
  header[0] = opening;
  header[1] = (mask ? 0x80 : 0) | ({ 7: length, 16: 126, 64: 127 }[used] ?? 0);
  if (used === 16) header.writeUInt16BE(length, 2);
  if (used === 64) header.writeBigUInt64BE(BigInt(length), 2);
  const masked = payload.map((byte, index) => byte ^ (mask?.[index % 4] ?? 0));
  return Buffer.concat([header, mask ?? Buffer.alloc(0), masked]);
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const text = fc
  .oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.constant('\u{feff}{"a":"é"}'),
    fc.constant('x'.repeat(MAX_PAYLOAD_BYTES)),
  )
  .map((given) => Buffer.from(given));
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((array) => Buffer.from(array));

/** Texts, mostly; and whatever else there can be, right or wrong. */
const frame: fc.Arbitrary<Frame> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ opening: fc.constant(0x81), payload: text, mask, bits: fc.constant(undefined) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      opening: fc.constantFrom(0x89, 0x8a),
      payload: bytes(125),
      mask,
      bits: fc.constant(undefined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      opening: fc.constantFrom(0x01, 0x00, 0x80, 0x82, 0x88, 0x09, 0xc1, 0x83, 0x81, 0x89),
      payload: fc.oneof(text, bytes(MAX_PAYLOAD_BYTES + 5)),
      mask: fc.option(mask, { nil: undefined }),
      bits: fc.constantFrom(undefined, 16, 64),
    }),
  },
);

/** The same bytes, cut anywhere. */
const cutFrames = fc
  .tuple(fc.array(frame, { maxLength: 8 }), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }))
  .map(([frames, cuts]) => {
    const all = Buffer.concat(frames.map(bytesOf));
    const places = cuts.map((share) => Math.floor(share * all.length)).sort((a, b) => a - b);
    const ends = [...places, all.length];
    return ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
  });

test('with them `ws` reads what it reads alone', async () => {
  await fc.assert(
    fc.asyncProperty(cutFrames, async (chunks) => {
      const [expected, told] = await readByBoth(chunks);
      expect(told).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('byte by byte, too', async () => {
  const mask = Buffer.from([1, 0xfe, 3, 0x84]);
  const frames = [
    { opening: 0x81, payload: Buffer.from('é'.repeat(150)), mask, bits: undefined },
    { opening: 0x89, payload: Buffer.from('there?'), mask, bits: undefined },
    { opening: 0x81, payload: Buffer.alloc(0), mask, bits: undefined },
    { opening: 0x81, payload: Buffer.from('whole'), mask, bits: undefined },
    { opening: 0x81, payload: Buffer.from([0x68, 0xff]), mask, bits: undefined },
  ];
  const all = Buffer.concat(frames.map(bytesOf));
  const [expected, told] = await readByBoth(Array.from(all, (byte) => Buffer.from([byte])));
  expect(told).toEqual(expected);
  expect(told).toEqual([
    ['text', 'é'.repeat(150)],
    ['ping', 'there?'],
    ['text', ''],
    ['text', 'whole'],
    ['error', 'Invalid WebSocket frame: invalid UTF-8 sequence'],
  ]);
});
