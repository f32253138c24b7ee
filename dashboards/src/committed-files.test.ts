import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { committedFiles } from './committed-files.ts';
import { dashboards } from './dashboards/index.ts';

const folder = (name: string) => readdirSync(new URL(`../${name}/`, import.meta.url)).sort();

test.each(committedFiles())('$file is what the code says (npm run generate -w dashboards)', ({ file, text }) => {
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('there is no other file', () => {
  expect(folder('grafana')).toEqual(
    committedFiles()
      .map(({ file }) => basename(file))
      .sort(),
  );
});

describe.each(dashboards)('$title', ({ rows }) => {
  const panels = rows.flatMap((row) => row.panels);

  test.each(panels)('$title: can be read without asking anybody', (panel) => {
    expect(panel.description.length).toBeGreaterThan(10);
    expect(panel.unit).not.toBe('');
    for (const { legend } of panel.queries) expect(legend).not.toBe('');
    if (panel.runbook !== undefined) expect(folder('runbooks')).toContain(`${panel.runbook}.md`);
  });

  test('panels have names of their own', () => {
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
