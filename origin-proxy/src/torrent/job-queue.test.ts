import { expect, test } from 'vitest';
import { JobQueue } from './job-queue.ts';

/** Jobs that end when they are told to. */
function jobs() {
  const enders = new Map<string, (outcome: string | Error) => void>();
  const begun: string[] = [];
  const run = (name: string) => (progressed: (bytes: number) => void) =>
    new Promise<string>((resolve, reject) => {
      begun.push(name);
      progressed(5);
      enders.set(name, (outcome) => (typeof outcome === 'string' ? resolve(outcome) : reject(outcome)));
    });
  return { run, begun, end: (name: string, outcome: string | Error) => enders.get(name)?.(outcome) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('only so many run at once, in order, and further ones than may wait are turned away', async () => {
  const queue = new JobQueue<string>({ running: 2, waiting: 1 });
  const { run, begun, end } = jobs();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.start(name, 10, run(name)));
  expect(queue.start('d', 10, run('d'))).toBeUndefined();
  await settled();
  expect(begun).toEqual(['a', 'b']);
  expect(queue.jobs.map(({ key, is, doneBytes }) => [key, is, doneBytes])).toEqual([
    ['a', 'running', 5],
    ['b', 'running', 5],
    ['c', 'waiting', 0],
  ]);
  expect([queue.progressOf('a'), queue.progressOf('c'), queue.progressOf('nothing')]).toEqual([0.5, 0, 0]);
  expect(queue.find('c')).toBe(c);
  end('a', 'done');
  expect(await a).toBe('done');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  end('b', new Error('torn'));
  await expect(b).rejects.toThrow('torn');
  end('c', 'too');
  expect(await c).toBe('too');
  expect(queue.jobs).toEqual([]);
});
