import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf } from '../testing/scripted-origin.ts';
import { hashPieces } from './hash-pieces.ts';
import { pieceLengthFor } from './piece-length.ts';

test('however the bytes are cut when they come, the pieces are those of the file', async () => {
  const file = bytesOf(10_000);
  const cuts = fc.array(fc.integer({ min: 0, max: file.length }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 12_000 }), async (at, pieceBytes) => {
      const marks = [0, ...at.sort((a, b) => a - b), file.length];
      const parts = marks.slice(1).map((end, index) => file.subarray(marks[index], end));
      const told: number[] = [];
      const { pieces, bytes } = await hashPieces(parts, pieceBytes, (done) => told.push(done));
      const expected: Buffer[] = [];
      for (let start = 0; start < file.length; start += pieceBytes) {
        expected.push(
          createHash('sha1')
            .update(file.subarray(start, start + pieceBytes))
            .digest(),
        );
      }
      expect([bytes, told.at(-1)]).toEqual([file.length, file.length]);
      expect(pieces.equals(Buffer.concat(expected))).toBe(true);
    }),
  );
});

const KIB = 1024;
test.each([
  [1, 64 * KIB],
  [64_000 * KIB, 64 * KIB],
  [64_001 * KIB, 128 * KIB],
  [1024 ** 3, 2048 * KIB],
  [100 * 1024 ** 3, 4096 * KIB],
])('a file of %i bytes has pieces of %i', (size, expected) => {
  expect(pieceLengthFor(size)).toBe(expected);
});
