import { createHash } from 'node:crypto';

/** The suffix that kustomize gives to a generated ConfigMap, so that other content is another object (its `hasher` package). */
export function contentHash(data: Readonly<Record<string, string>>): string {
  // The name is part of the text, but empty: kustomize looks it up under a path that is never there.
  const sorted = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
  // Go's JSON writes these characters so that the text may stand in HTML.
  const text = JSON.stringify({ data: sorted, kind: 'ConfigMap', name: '' }).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 10);
  // No vowels and no digits that look like them: a name must not spell a word.
  const instead: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  return [...hex].map((digit) => instead[digit] ?? digit).join('');
}
