import type { PropertyNames } from './internal-names.ts';

/** In English text the most frequent first, as they are in what compression finds in the rest of a bundle. */
const LETTERS = [...'etsinraohcludmpfbgkyvwxjqz'];

/** A name that is a word of the language cannot be taken apart (`{ do }`). */
const WORDS: readonly string[] = ['as', 'do', 'if', 'in', 'is', 'of'];

/**
 * For each internal name a short one, the shortest for what is written most often. Names that are never those of one object
 * share theirs, also with names that stay, and as many as can have the first: the fewer there are, the better they compress.
 * @throws when an agreed name cannot be what it is
 */
export function shortNames({ internal, kept, clashes, agreed }: PropertyNames): ReadonlyMap<string, string> {
  const free = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))].filter(
    (name) => !WORDS.includes(name),
  );
  const holders = new Map([...kept].map((name) => [name, [name]]));
  const short = new Map<string, string>();
  const isFree = (given: string, name: string) => !holders.get(given)?.some((holder) => clashes.get(name)?.has(holder));
  const give = (name: string, given: string) => {
    short.set(name, given);
    holders.set(given, [...(holders.get(given) ?? []), name]);
  };
  for (const [name, given] of agreed) {
    if (!isFree(given, name)) throw new Error(`"${name}" cannot be "${given}": something has that`);
    give(name, given);
  }
  for (const [name] of [...internal].sort(([, one], [, other]) => other - one)) {
    if (!short.has(name)) give(name, free.find((given) => isFree(given, name)) ?? name);
  }
  return short;
}
