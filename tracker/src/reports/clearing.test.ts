import { expect, test } from 'vitest';
import { Clearing } from './clearing.ts';

function listening() {
  const told: string[] = [];
  const clearing = new Clearing((replica, swarm, side, bytes) => told.push(`${replica}: ${bytes} ${side} in ${swarm}`));
  return { clearing, told };
}

test('what one replica tells as sent and another as received is agreed upon, swarm by swarm', () => {
  const { clearing, told } = listening();
  clearing.told('one', 'movie', { received: 0, sent: 100 });
  clearing.told('two', 'news', { received: 100, sent: 0 });
  clearing.told('two', 'movie', { received: 70, sent: 0 });
  expect(told).toEqual(['one: 70 sent in movie', 'two: 70 received in movie']);
  clearing.turn();
  clearing.told('three', 'movie', { received: 70, sent: 0 });
  expect(told.slice(2)).toEqual(['one: 30 sent in movie', 'three: 30 received in movie']);
});

test('a replica does not agree with itself, and nothing waits for longer than two windows', () => {
  const { clearing, told } = listening();
  clearing.told('one', 'movie', { received: 50, sent: 0 });
  clearing.turn();
  clearing.told('one', 'movie', { received: 0, sent: 50 });
  clearing.turn();
  clearing.turn();
  clearing.told('two', 'movie', { received: 50, sent: 50 });
  expect(told).toEqual([]);
});
