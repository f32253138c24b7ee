import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { everyRendering, manifests } from '../render/overlays.ts';
import { ruleObjects, ruleObjectsFile } from './rule-objects.ts';

const [, objects] = (await everyRendering()).at(-1) as Awaited<ReturnType<typeof everyRendering>>[number];
const dashboards = join(manifests, '../dashboards');

test('the rules for the operator are those of dashboards/rules (npm run rules --workspace k8s)', async () => {
  expect(await readFile(ruleObjectsFile, 'utf8')).toBe(await ruleObjects());
});

test('every dashboard is in a ConfigMap that Grafana finds', async () => {
  const maps = objects.filter(({ metadata }) => metadata.labels?.grafana_dashboard === '1');
  const files = maps.flatMap(({ data }) => Object.keys(data as object));
  expect(files.sort()).toEqual((await readdir(join(dashboards, 'grafana'))).sort());
});

test('the jobs that alerts name are those that the monitors give', async () => {
  const alerts = await readFile(join(dashboards, 'rules/alerts.yml'), 'utf8');
  const named = new Set([...alerts.matchAll(/job="([^"]+)"/g)].map(([, job]) => job));
  const monitors = objects.filter(({ kind }) => kind === 'ServiceMonitor');
  const given = monitors.flatMap(({ spec }) => {
    const { endpoints } = spec as { endpoints: { relabelings: { targetLabel: string; replacement: string }[] }[] };
    return endpoints.flatMap(({ relabelings }) =>
      relabelings.filter(({ targetLabel }) => targetLabel === 'job').map(({ replacement }) => replacement),
    );
  });
  expect(named.size).toBeGreaterThan(0);
  expect(given).toEqual(expect.arrayContaining([...named]));
});
