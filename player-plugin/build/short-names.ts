import type { PropertyNames } from './internal-names.ts';

/** In English text the most frequent first, as they are in what compression finds in the rest of a bundle. */
const LETTERS = [...'etsinraohcludmpfbgkyvwxjqz'];

/** A name that is a word of the language cannot be taken apart (`{ do }`). */
const WORDS: readonly string[] = ['as', 'do', 'if', 'in', 'is', 'of'];

/**
 * For each internal name a short one that nothing else has: the shortest for what is written most often. Names that are never
 * those of one object share theirs, and as many as can have the first: the fewer there are, the better they compress.
 */
export function shortNames({ internal, kept, clashes }: PropertyNames): ReadonlyMap<string, string> {
  const free = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))].filter(
    (name) => !kept.has(name) && !WORDS.includes(name),
  );
  const holders = new Map<string, string[]>();
  const short = new Map<string, string>();
  for (const [name] of [...internal].sort(([, one], [, other]) => other - one)) {
    const given = free.find((one) => !holders.get(one)?.some((holder) => clashes.get(name)?.has(holder))) ?? name;
    short.set(name, given);
    holders.set(given, [...(holders.get(given) ?? []), name]);
  }
  return short;
}
