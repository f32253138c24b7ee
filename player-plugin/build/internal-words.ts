import MagicString from 'magic-string';
import type { TsdownPlugin } from 'tsdown';
import ts from 'typescript';

/**
 * Words that are compared within the bundle and nowhere else: no site, tracker or neighbour ever sees them (frames between
 * viewers have codes). Each has a letter instead. Only such belong here as no part of the public types contains.
 */
export const internalWords: ReadonlyMap<string, string> = new Map(
  [
    'want-manifest',
    'fetch-manifest',
    'ask-manifest',
    'fetch-whole',
    'ask-peer',
    'greeting',
    'nobody',
    'election',
    'missing',
    'asked',
    'here',
  ].map((word, index) => [word, String.fromCharCode('a'.charCodeAt(0) + index)]),
);

/** Gives whole strings that are such a word, names of properties in quotes among them, their letter. */
export function shortenWords(code: string, words: ReadonlyMap<string, string>): MagicString {
  const edited = new MagicString(code);
  const look = (node: ts.Node): void => {
    const letter = ts.isStringLiteralLike(node) ? words.get(node.text) : undefined;
    if (letter === undefined) node.forEachChild(look);
    else edited.overwrite(node.getStart(), node.end, JSON.stringify(letter));
  };
  look(ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  return edited;
}

export function internalWordsShortened(): TsdownPlugin {
  return {
    name: 'internal-words',
    renderChunk(code) {
      const shortened = shortenWords(code, internalWords);
      return { code: shortened.toString(), map: shortened.generateMap({ hires: true }).toString() };
    },
  };
}
