import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { internalWords, shortenWords } from './internal-words.ts';

test('only whole strings become a letter, names of properties in quotes among them', () => {
  const words = new Map([['ask-peer', 'a']]);
  const code =
    "const o = { 'ask-peer': 1, do: 'ask-peer' }; if (o.do === `ask-peer`) say('ask-peer now', o['ask-peer']);";
  expect(shortenWords(code, words).toString()).toBe(
    'const o = { "a": 1, do: "a" }; if (o.do === "a") say(\'ask-peer now\', o["a"]);',
  );
});

test('each word has a letter of its own, and is still a word of the sources that no site is told', async () => {
  expect(new Set(internalWords.values()).size).toBe(internalWords.size);
  const sources: string[] = [];
  const names = ['../src', '../../protocol/src'].map(
    (folder) => new URL(`${folder}/**/*.ts`, import.meta.url).pathname,
  );
  for await (const name of glob(names)) if (!name.endsWith('.test.ts')) sources.push(await readFile(name, 'utf8'));
  // What sites are told and may say, the tracker's messages, and the port to `p2p-media-loader.js`.
  const known = [
    'src/events.ts',
    'src/session.ts',
    'src/config.ts',
    'src/segment-engine.ts',
    '../protocol/src/signalling.ts',
  ].map((name) => new URL(`../${name}`, import.meta.url));
  const told = (await Promise.all(known.map((name) => readFile(name, 'utf8')))).join('\n');
  for (const word of internalWords.keys()) {
    expect(
      sources.some((source) => source.includes(`'${word}'`)),
      word,
    ).toBe(true);
    expect(told, word).not.toContain(`'${word}'`);
  }
});
