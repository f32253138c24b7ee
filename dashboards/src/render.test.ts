import { describe, expect, test } from 'vitest';
import { dashboards } from './dashboards/index.ts';
import { renderDashboard } from './render.ts';

/** What Grafana fills in by itself. */
const builtIn = new Set(['__rate_interval', '__range']);

interface Placed {
  readonly title?: string;
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe.each(dashboards)('$title', (dashboard) => {
  const rendered = renderDashboard(dashboard);
  const variables = (rendered.templating?.list ?? []).map(({ name }) => name);

  test('every variable in a query or link is one that can be chosen, and every choice changes something', () => {
    const text = JSON.stringify(rendered.panels);
    const used = new Set([...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name));
    expect([...used].filter((name) => !builtIn.has(name) && !variables.includes(name))).toEqual([]);
    expect(variables.filter((name) => !used.has(name))).toEqual([]);
  });

  test('panels have ids of their own, and none lies upon another', () => {
    const panels = rendered.panels ?? [];
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = (panels as Placed[]).flatMap(({ gridPos: at }) =>
      at
        ? Array.from({ length: at.w * at.h }, (_, cell) => `${at.x + (cell % at.w)},${at.y + Math.floor(cell / at.w)}`)
        : [],
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect((panels as Placed[]).every(({ gridPos }) => gridPos !== undefined && gridPos.x + gridPos.w <= 24)).toBe(
      true,
    );
  });
});
