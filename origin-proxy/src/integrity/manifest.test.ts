import { createHash } from 'node:crypto';
import { chunkCount, chunkRange, chunkSizeFor, encodeUnsigned } from '@nearcast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import identities from '../../../protocol/test-vectors/identity.json' with { type: 'json' };
import vector from '../../../protocol/test-vectors/manifest.json' with { type: 'json' };
import { bytesOf } from '../testing/scripted-origin.ts';
import { ArrivingHashes, hashChunks, hashParts } from './chunk-hashes.ts';
import { segmentKey } from './manifest.ts';

test.each(identities)('[I1] golden vector: the key of $url', ({ url, range, key }) => {
  expect(segmentKey(new URL(url).pathname, range ?? undefined).toString('hex')).toBe(key);
});

test('golden vector: what is signed about a segment', async () => {
  const body = Buffer.from(vector.body);
  const signed = encodeUnsigned({
    keyId: Buffer.from(vector.manifest.slice(8, 24), 'hex'),
    key: segmentKey('/live/segment1.ts'),
    size: body.length,
    chunkSize: chunkSizeFor(body.length),
    hashes: await hashChunks(body),
  });
  expect(Buffer.from(signed).toString('hex')).toBe(vector.manifest.slice(0, -128));
});

test('[M6] the hashes are the same however a body comes: whole, in pieces, or into its place', async () => {
  const sizes = fc.integer({ min: 1, max: 6 * 1024 * 1024 });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, cuts, async (size, where) => {
      const body = bytesOf(size, size);
      const at = [...where.map((share) => Math.floor(share * size)), size].sort((a, b) => a - b);
      const pieces = at.map((end, index) => body.subarray(at[index - 1] ?? 0, end));
      const layout = { size, chunkSize: chunkSizeFor(size) };
      const expected = Buffer.concat(
        Array.from({ length: chunkCount(layout) }, (_, chunk) => {
          const { start, end } = chunkRange(layout, chunk);
          return createHash('sha256').update(body.subarray(start, end)).digest();
        }),
      );
      const storage = Buffer.alloc(size);
      const arriving = new ArrivingHashes(storage);
      for (const [index, end] of at.entries()) {
        storage.set(pieces[index] ?? [], at[index - 1] ?? 0);
        arriving.arrived(end);
      }
      expect((await hashChunks(body)).equals(expected)).toBe(true);
      expect((await hashParts(pieces, size))?.equals(expected)).toBe(true);
      expect(arriving.hashes.equals(expected)).toBe(true);
      expect(await hashParts([body.subarray(0, -1)], size)).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});
