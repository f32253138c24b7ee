import { dashboards } from './dashboards/index.ts';
import { withoutVariables } from './promql.ts';
import { readRules } from './rules.ts';

export { ruleFiles } from './rules.ts';

/** Something that Prometheus is asked, by a panel or by a rule. */
export interface AskedQuery {
  /** Where it stands. */
  readonly asker: string;
  readonly expr: string;
  /** Why it may have no answer while all is well. */
  readonly emptyInHealth?: string;
}

/** Every query of every panel, with the dashboards' variables filled in. */
export function panelQueries(): readonly AskedQuery[] {
  return dashboards.flatMap(({ title, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap((panel) =>
        panel.queries.map(({ expr, legend, emptyInHealth }) => ({
          asker: `${title} / ${panel.title} / ${legend}`,
          expr: withoutVariables(expr),
          ...(emptyInHealth === undefined ? {} : { emptyInHealth }),
        })),
      ),
    ),
  );
}

/** What is recorded must have an answer; an alert has none while all is well. */
export function ruleQueries(): readonly AskedQuery[] {
  return readRules().map((rule) =>
    'record' in rule
      ? { asker: rule.record, expr: rule.expr }
      : { asker: rule.alert, expr: rule.expr, emptyInHealth: 'an alert that has an answer fires' },
  );
}

/** The metrics that a query names, without the suffixes that histograms add. */
export function metricsIn(expr: string): readonly string[] {
  const withoutStrings = expr.replaceAll(/"[^"]*"/g, '""');
  const names = withoutStrings.match(/\b(nearcast[\w:]*|process_\w+|nodejs_\w+|up)\b/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, '')))];
}
