import { gzipSync } from 'node:zlib';
import MagicString, { Bundle } from 'magic-string';
import ts from 'typescript';

/**
 * Each function is tried at every so manyth place, so often, each time at others: what was best for it changes when others have
 * moved.
 */
const PLACES_APART = 2;
const ROUNDS = 3;

/**
 * Puts each function of a bundle, the largest first, where the bundle compresses best: a compressor finds again what came
 * shortly before. Only functions are moved that a declaration hoists.
 */
export function inBestOrder(code: string): Bundle {
  const given = statementsOf(code);
  let best = given;
  let fewest = sizeOf(code, best);
  const functions = given.filter(({ isHoisted }) => isHoisted);
  functions.sort((one, other) => lengthOf(other) - lengthOf(one));
  for (let round = 0; round < ROUNDS; round++) {
    for (const moved of functions) {
      const others = best.filter((one) => one !== moved);
      // Not before the first, which may be a directive, nor behind the last, which may do without its semicolon.
      for (let place = 1 + round; place < others.length; place += PLACES_APART) {
        const order = others.toSpliced(place, 0, moved);
        const bytes = sizeOf(code, order);
        if (bytes < fewest) [best, fewest] = [order, bytes];
      }
    }
  }
  return reordered(code, given, best);
}

interface Statement {
  readonly start: number;
  readonly end: number;
  readonly isHoisted: boolean;
}

const lengthOf = ({ start, end }: Statement) => end - start;

/** Of a module, or of the function that is called in a script. */
function statementsOf(code: string): readonly Statement[] {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  let longest: readonly ts.Statement[] = file.statements;
  const look = (node: ts.Node): void => {
    if (ts.isFunctionExpression(node) && node.body.statements.length > longest.length) longest = node.body.statements;
    else node.forEachChild(look);
  };
  look(file);
  return longest.map((node) => ({ start: node.pos, end: node.end, isHoisted: ts.isFunctionDeclaration(node) }));
}

function sizeOf(code: string, order: readonly Statement[]): number {
  const text = order.map(({ start, end }) => code.slice(start, end)).join('');
  return gzipSync(text, { level: 9 }).length;
}

function reordered(code: string, given: readonly Statement[], order: readonly Statement[]): Bundle {
  const bundle = new Bundle({ separator: '' });
  const add = (start: number, end: number) => {
    bundle.addSource({ filename: 'bundle.js', content: new MagicString(code).snip(start, end) });
  };
  const [begin, end] = [given[0]?.start ?? 0, given.at(-1)?.end ?? 0];
  add(0, begin);
  for (const statement of order) add(statement.start, statement.end);
  add(end, code.length);
  return bundle;
}
