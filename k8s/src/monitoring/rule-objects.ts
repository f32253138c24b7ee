import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';

const rules = new URL('../../../dashboards/rules/', import.meta.url);
const written = new URL('../../components/prometheus-operator/rules.yaml', import.meta.url);

/** Where the objects are kept: the operator wants rules in objects of its own, which kustomize cannot make of files. */
export const ruleObjectsFile: string = written.pathname;

/** A PrometheusRule for each file of rules in `dashboards/rules`. */
export async function ruleObjects(): Promise<string> {
  const objects = ['alerts', 'recording'].map(async (name) => {
    const spec: unknown = parse(await readFile(new URL(`${name}.yml`, rules), 'utf8'));
    const metadata = { name, namespace: 'nearcast', labels: { 'app.kubernetes.io/name': 'rules' } };
    return stringify(
      { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec },
      { lineWidth: 0 },
    );
  });
  const head = '# Made from dashboards/rules by: npm run rules --workspace k8s\n';
  return head + (await Promise.all(objects)).join('---\n');
}
