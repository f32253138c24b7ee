import { expect, test } from 'vitest';
import { Downloads } from './downloads.ts';
import { PeerScore } from './peer-score.ts';

const KEY = '00112233445566778899aabbccddeeff';
const SIZE = 4_000;

function setUp() {
  const seen = { arrived: 0, discarded: 0 };
  const clock = { now: () => 0, after: () => () => undefined };
  const downloads = new Downloads({ clock, random: () => 0.5 }, new PeerScore(), {
    arrived: (_key, _chunk, bytes) => {
      seen.arrived += bytes.length;
    },
    timedOut: () => undefined,
    discarded: (bytes) => {
      seen.discarded += bytes;
    },
  });
  downloads.begin(KEY, 0, SIZE);
  let id = 0;
  const receive = (offset: number, length: number) => {
    id += 1;
    downloads.receive({ id, key: KEY, chunk: 0, offset, queueMs: 0, bytes: new Uint8Array(length) });
  };
  return { seen, receive };
}

test('[P3] pieces may begin anywhere and come in any order; the last one is as short as it must be', () => {
  const { seen, receive } = setUp();
  receive(2_299, 1_163);
  receive(3_462, 538);
  receive(0, 2_299);
  expect(seen).toEqual({ arrived: SIZE, discarded: 0 });
});

test.each([
  ['shorter than 1 KiB within the chunk', 0, 1_023],
  ['beyond the end of the chunk', 3_000, 1_001],
])('[P3] a piece that is %s counts for nothing', (_why, offset, length) => {
  const { seen, receive } = setUp();
  receive(offset, length);
  expect(seen).toEqual({ arrived: 0, discarded: length });
});
