import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { programs } from '../../scripts/programs.js';
import { dashboards } from './dashboards/index.ts';
import { panelQueries } from './queries.ts';
import { readAlerts, ruleFiles } from './rules.ts';

const testFolder = fileURLToPath(new URL('../rules/tests/', import.meta.url));
const testFiles = readdirSync(testFolder).map((name) => testFolder + name);
const runbookFolder = new URL('../runbooks/', import.meta.url);

function promtool(...args: string[]): string {
  const file = programs.promtool?.find();
  if (file === undefined) throw new Error('no promtool found: node scripts/install.mjs promtool');
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

test('promtool check rules', () => {
  expect(promtool('check', 'rules', '--lint-fatal', ...ruleFiles)).toContain('SUCCESS');
});

test.each(testFiles)('promtool test rules %s', { timeout: 60_000 }, (file) => {
  expect(promtool('test', 'rules', file)).toContain('SUCCESS');
});

test('Prometheus can read the queries of all panels', () => {
  const rules = panelQueries().map(({ expr }, index) => ({ record: `panel:${index}`, expr }));
  const file = { groups: [{ name: 'panels', rules }] };
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-panels-'));
  try {
    writeFileSync(join(folder, 'panels.yml'), JSON.stringify(file)); // JSON is YAML
    expect(promtool('check', 'rules', join(folder, 'panels.yml'))).toContain(`SUCCESS: ${rules.length} rules found`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

interface AlertTest {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const alertTests = testFiles
  .flatMap((file) => (parse(readFileSync(file, 'utf8')) as { tests: AlertTest[] }).tests)
  .flatMap(({ alert_rule_test }) => alert_rule_test ?? []);

describe.each(readAlerts())('$alert', ({ alert, labels, annotations }) => {
  test('has a test in which it fires, and one in which it stays quiet', () => {
    const fires = alertTests
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(fires).toContain(true);
    expect(fires).toContain(false);
  });

  test('says how bad it is, what happened, and what to do', () => {
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/\.$/);
    expect(annotations.description).toBeDefined();
    const runbook = fileURLToPath(new URL(`../../${annotations.runbook}`, import.meta.url));
    expect(existsSync(runbook), runbook).toBe(true);
    expect(readFileSync(runbook, 'utf8')).toContain(alert);
  });
});

test('every runbook is reached from an alert or a panel', () => {
  const fromAlerts = readAlerts().map(({ annotations }) => basename(annotations.runbook ?? ''));
  const fromPanels = dashboards.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ runbook }) => (runbook === undefined ? [] : [`${runbook}.md`]))),
  );
  const reached = new Set([...fromAlerts, ...fromPanels]);
  expect(readdirSync(runbookFolder).filter((name) => !reached.has(name))).toEqual([]);
});
