import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSealed, sealedSwarmId } from './swarm-id.ts';

const key = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);

test('a sealed id is good with its key, and with no other', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const swarm = sealedSwarmId(name, key);
      expect(isSealed(swarm, [key])).toBe(true);
      expect(isSealed(swarm, [other, key])).toBe(true);
      expect(isSealed(swarm, [other])).toBe(false);
    }),
  );
});

test('nothing else is good', () => {
  const swarm = sealedSwarmId('movie', key);
  const seal = swarm.slice('movie~'.length);
  for (const wrong of [
    'movie',
    'movie~',
    `~${seal}`,
    seal,
    `movies~${seal}`,
    `${swarm}=`,
    `${swarm}A`,
    swarm.slice(0, -1),
  ]) {
    expect(isSealed(wrong, [key]), wrong).toBe(false);
  }
  // The last character has four bits that are not part of the seal.
  const respelled = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
    (last) => swarm.slice(0, -1) + last,
  );
  expect(respelled.filter((id) => isSealed(id, [key]))).toEqual([swarm]);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(isSealed(text, [key])).toBe(false);
    }),
  );
});

test('the line of the README makes the same id', () => {
  const line =
    'printf %s "$NAME" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | head -c 16 | base64 | tr +/ -_ | tr -d =';
  const env = { ...process.env, NAME: '/movies/ü 7', KEY: key.toString('hex') };
  const seal = execFileSync('sh', ['-c', line], { env, encoding: 'utf8' }).trim();
  expect(`/movies/ü 7~${seal}`).toBe(sealedSwarmId('/movies/ü 7', key));
});
