import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { OutgoingTexts, type TextWriter } from './outgoing-texts.ts';

class World {
  readonly writes: string[] = [];
  readonly writer: TextWriter;
  #due: (() => void)[] = [];

  constructor() {
    const outgoing = new OutgoingTexts({
      now: () => 0,
      after: (_ms, run) => {
        this.#due.push(run);
        return () => undefined;
      },
    });
    const stream = new PassThrough();
    stream.on('data', (frames: Buffer) => this.writes.push(frames.toString('latin1')));
    this.writer = outgoing.writerTo({ readyState: 1, OPEN: 1 } as WebSocket, stream);
  }

  get isWaiting(): boolean {
    return this.#due.length > 0;
  }

  tick(): void {
    for (const run of this.#due.splice(0)) run();
  }
}

test('what is sent in one turn is one write, in its order', async () => {
  const world = new World();
  world.writer.add('a', 'now');
  world.writer.add('b', 'soon');
  world.writer.add('c', 'now');
  await setImmediate();
  expect(world.writes).toEqual(['\x81\x01a\x81\x01b\x81\x01c']);
  expect(world.isWaiting).toBe(false);
});

test('what can wait goes before the next that cannot', async () => {
  const world = new World();
  world.writer.add('a', 'soon');
  world.writer.add('b', 'soon');
  await setImmediate();
  world.tick();
  expect(world.writes).toEqual([]);
  world.writer.add('c', 'now');
  await setImmediate();
  expect(world.writes).toEqual(['\x81\x01a\x81\x01b\x81\x01c']);
  world.tick();
  world.tick();
  expect([world.writes.length, world.isWaiting]).toEqual([1, false]);
});

test('without company it goes alone', () => {
  const world = new World();
  world.writer.add('a', 'soon');
  world.tick();
  world.tick();
  expect(world.writes).toEqual(['\x81\x01a']);
});
