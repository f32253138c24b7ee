import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { allocateBody } from './body-memory.ts';
import type { WholeObject } from './cached-object.ts';
import { MemoryStore } from './memory-store.ts';

const MIB = 1024 * 1024;
const freshness = { bornAt: 0, freshSeconds: 1, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 };

function objectOf(key: string, bytes: number): WholeObject {
  const head = { kind: 'segment' as const, status: 200, headers: {}, freshness };
  return { is: 'whole', key, head, body: allocateBody(bytes).fill(key), hashes: Buffer.alloc(32) };
}

/** What is unneeded is freed after the turn in which it became so. */
async function freed(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

describe('a body is freed when nobody needs it', () => {
  test('once the cache has let go of it', async () => {
    const memory = new MemoryStore(8 * MIB);
    const object = objectOf('a', 2 * MIB);
    memory.set(object);
    await freed();
    expect(object.body.byteLength).toBe(2 * MIB);
    memory.delete('a');
    await freed();
    expect(object.body.byteLength).toBe(0);
    expect(memory.bytes).toBe(0);
  });

  test('but not while it is read, and then it counts', async () => {
    const memory = new MemoryStore(8 * MIB);
    const object = objectOf('a', 2 * MIB);
    memory.set(object);
    const releases = [memory.hold(object.body), memory.hold(object.body)];
    memory.purge('');
    for (const release of releases) {
      await freed();
      expect(object.body.at(-1)).toBe('a'.charCodeAt(0));
      expect(memory.busyBytes).toBe(2 * MIB);
      release();
      release(); // a second time does nothing
    }
    await freed();
    expect(object.body.byteLength).toBe(0);
    expect(memory.busyBytes).toBe(0);
  });

  test('and not when it was found in the turn in which the cache let go of it', async () => {
    const memory = new MemoryStore(8 * MIB);
    const object = objectOf('a', 2 * MIB);
    memory.set(object);
    memory.delete('a');
    await Promise.resolve();
    const release = memory.hold(object.body);
    await freed();
    expect(object.body.byteLength).toBe(2 * MIB);
    release();
    await freed();
    expect(object.body.byteLength).toBe(0);
  });

  test('and not when the origin has confirmed it: the same body is cached under a new head', async () => {
    const memory = new MemoryStore(8 * MIB);
    const object = objectOf('a', 2 * MIB);
    memory.set(object);
    memory.set({ ...object, head: { ...object.head, headers: { etag: '"2"' } } });
    await freed();
    expect(object.body.byteLength).toBe(2 * MIB);
  });

  test('one that is too large to be cached, once it has been read', async () => {
    const memory = new MemoryStore(8 * MIB);
    const object = objectOf('a', 7 * MIB);
    const release = memory.hold(object.body);
    memory.set(object);
    await freed();
    expect(object.body.byteLength).toBe(7 * MIB);
    release();
    await freed();
    expect(object.body.byteLength).toBe(0);
  });

  test('one that makes room does so for what comes next, and nothing else is evicted', async () => {
    const memory = new MemoryStore(10 * MIB);
    for (const key of ['a', 'b']) memory.set(objectOf(key, 2 * MIB));
    memory.reserveNow(3 * MIB);
    expect([memory.get('a'), memory.get('b')].map((object) => object !== undefined)).toEqual([false, true]);
  });
});
