import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, onTestFinished, test } from 'vitest';
import { propertyNames } from './internal-names.ts';

/** @returns which names of these sources are internal, when the exports of each are what others see */
function internal(sources: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const entries = sources.map((source, index) => {
    const entry = join(folder, `${index}.ts`);
    writeFileSync(entry, source);
    return entry;
  });
  const options = { target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], strict: true, types: [] };
  const boundaries = entries.map((file) => ({ file }));
  return [
    ...propertyNames({
      entries,
      own: [folder],
      apart: /apart/,
      boundaries,
      agreed: new Map(),
      options,
    }).internal.keys(),
  ].sort();
}

test('what only the sources know is internal, however it is written', () => {
  const source = `
    interface Work { readonly waiting: number; finish(): void }
    class Task { waiting = 0; static made = 0; finish() { this.waiting += 1; } get half() { return this.waiting / 2; } }
    const { waiting, finish: end } = new Task() as Work;
    export const sum: number = [waiting, new Task().half, Task.made].length;
    end();`;
  expect(internal([source])).toEqual(['finish', 'half', 'made', 'waiting']);
});

const kept = [
  [
    'the platform declares it',
    'const box = { innerText: 1 }; document.body.innerText = String(box.innerText);',
    'innerText',
  ],
  ['it is exported', 'export const nearest = 1; const x = { nearest }; x.nearest;', 'nearest'],
  [
    'an exported type leads to it',
    'export interface Options { caps?: { ratio: number }[] } const one = { ratio: 1 }; one.ratio;',
    'ratio',
  ],
  [
    'an exported function takes it',
    'export function take(given: { late: number }): number { return given.late; }',
    'late',
  ],
  [
    'an exported function hands it out',
    'interface Out { gone: number } export const make = (): Promise<Out> => Promise.resolve({ gone: 1 });',
    'gone',
  ],
  [
    'it is looked for',
    `const box: object = { sought: 1 }; 'sought' in box; const other = { sought: 2 }; other.sought;`,
    'sought',
  ],
  ['it is listed', 'const table = { listed: 1 }; Object.keys(table); table.listed;', 'listed'],
  ['it is sent', 'const message = { inside: { sent: 1 } }; JSON.stringify(message); message.inside.sent;', 'sent'],
  [
    'it is looked up',
    'const table = { looked: 1 }; export const at = (name: keyof typeof table): number => table[name];',
    'looked',
  ],
  [
    'it is claimed of what came from outside',
    `const came = JSON.parse('1') as { claimed: number }; came.claimed;`,
    'claimed',
  ],
  [
    'it is claimed of the platform',
    'const mine = navigator as Navigator & { connection?: { saves: boolean } }; mine.connection?.saves;',
    'saves',
  ],
  ['nothing declares it', `const came: Record<string, number> = JSON.parse('1'); came.undeclared;`, 'undeclared'],
  [
    'the platform is given it',
    `const init = { negotiated: true, id: 1 }; new RTCPeerConnection().createDataChannel('x', init);`,
    'negotiated',
  ],
  [
    'the platform is given it inside of something',
    `const how = { cache: 'default' as const }; const init: RequestInit = how; init;`,
    'cache',
  ],
  ['a record has it', `const headers: Record<string, string> = { range: '1' }; headers;`, 'range'],
  [
    'a class has it from the platform',
    'class Mine extends EventTarget { override dispatchEvent() { return true; } } new Mine();',
    'dispatchEvent',
  ],
] as const;

test('a name is not internal when any use of it may be somebody else’s', () => {
  const sources = kept.map(([_when, source]) => `${source}\nexport {};`);
  const ours = 'const other = { ours: 1 }; export const _: number = other.ours;';
  const found = internal([...sources, ours]);
  const broken = kept.filter(([_when, _source, name]) => found.includes(name)).map(([when]) => when);
  expect(broken).toEqual([]);
  expect(found).toContain('ours');
});
