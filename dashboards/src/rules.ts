import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A rule of Prometheus, as it is written in `rules/`. */
export type Rule =
  | { readonly record: string; readonly expr: string }
  | {
      readonly alert: string;
      readonly expr: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    };

export type Alert = Extract<Rule, { alert: string }>;

export const ruleFiles: readonly string[] = ['recording', 'alerts'].map((name) =>
  fileURLToPath(new URL(`../rules/${name}.yml`, import.meta.url)),
);

export function readRules(): readonly Rule[] {
  return ruleFiles.flatMap((file) => {
    const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  });
}

export function readAlerts(): readonly Alert[] {
  return readRules().filter((rule) => 'alert' in rule);
}
