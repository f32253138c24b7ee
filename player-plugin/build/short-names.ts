import type { PropertyNames } from './internal-names.ts';

/** In English text the most frequent first, as they are in what compression finds in the rest of a bundle. */
const LETTERS = [...'etsinraohcludmpfbgkyvwxjqz'];

/** A name that is a word of the language cannot be taken apart (`{ do }`). */
const WORDS: readonly string[] = ['as', 'do', 'if', 'in', 'is', 'of'];

/** For each internal name a short one that nothing else has: the shortest for what is written most often. */
export function shortNames({ internal, kept }: PropertyNames): ReadonlyMap<string, string> {
  const free = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))].filter(
    (name) => !kept.has(name) && !WORDS.includes(name),
  );
  const byUse = [...internal].sort(([, one], [, other]) => other - one);
  return new Map(byUse.map(([name], index) => [name, free[index] ?? name]));
}
