import ts from 'typescript';
import { expect, test } from 'vitest';
import { nameClashes } from './name-clashes.ts';

/** Whether two names clash in a source. */
function clash(source: string, [one, other]: readonly [string, string]): boolean {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost({}),
    getSourceFile: (name, target) =>
      name === file.fileName ? file : ts.createSourceFile(name, ts.sys.readFile(name) ?? '', target),
  };
  const options = { strict: true, types: [], target: ts.ScriptTarget.ES2022, lib: ['lib.es5.d.ts'] };
  const program = ts.createProgram([file.fileName], options, host);
  return (
    nameClashes(program, new Set([one, other]), [file])
      .get(one)
      ?.has(other) ?? false
  );
}

test.each<[string, string, readonly [string, string]]>([
  ['one object has both', 'const x = { ours: 1, theirs: 2 };', ['ours', 'theirs']],
  ['one class has both', 'class X { ours = 1; theirs() {} }', ['ours', 'theirs']],
  [
    'one class has the other from its base',
    'class B { theirs() {} } class X extends B { ours = 1; }',
    ['ours', 'theirs'],
  ],
  ['a type has both', 'interface X { ours: 1; theirs?: 2 }', ['ours', 'theirs']],
  [
    'a type has optionally what its object does not have',
    'interface X { all: 1; absent?: 2 } const take = (x: X) => x.absent; const x = { all: 1 as const, there: 3 }; take(x);',
    ['absent', 'there'],
  ],
  [
    'spreading brings what cannot be seen',
    'interface X { all: 1 } const wide = { all: 1 as const, unseen: 3 }; const x: X = wide; const y = { mine: 1, ...x };',
    ['unseen', 'mine'],
  ],
  [
    'what is left over has what cannot be seen',
    'interface X { all: 1; part: 2 } const wide = { all: 1, part: 2, unseen: 3 } as const; const x: X = wide; const { part, ...rest } = x; const y = { mine: 1, ...rest };',
    ['unseen', 'mine'],
  ],
  [
    'spreading twice brings it',
    'interface X { all: 1 } const wide = { all: 1 as const, unseen: 3 }; const x: X = wide; const y = { ...x, more: 1 }; const z = { mine: 1, ...y };',
    ['unseen', 'mine'],
  ],
  [
    'it is claimed to be another',
    'const x = { ours: 1 }; const y = x as unknown as { theirs: 1 }; const z = x as { ours: number } & { theirs: 1 };',
    ['ours', 'theirs'],
  ],
])('two names clash when %s', (_when, source, names) => {
  expect(clash(source, names)).toBe(true);
});

test.each<[string, string]>([
  ['two objects have one each', 'const x = { ours: 1 }, y = { theirs: 2 };'],
  [
    'something is one or the other',
    `type X = { is: 'a'; ours: 1 } | { is: 'b'; theirs: 2 }; const f = (x: X) => (x.is === 'a' ? x.ours : x.theirs);`,
  ],
  ['one object holds the other', 'const x = { ours: { theirs: 1 } };'],
])('two names do not clash when %s', (_when, source) => {
  expect(clash(source, ['ours', 'theirs'])).toBe(false);
});
