import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubernetesObject } from '../render/kubernetes-object.ts';
import { manifests } from '../render/overlays.ts';

interface AdapterRule {
  readonly seriesQuery: string;
  readonly name: { readonly matches: string; readonly as: string };
}

/** The metrics that autoscalers ask for. */
export function askedFor(objects: readonly KubernetesObject[]): string[] {
  return objects
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .flatMap(({ spec }) => (spec as { metrics: { pods: { metric: { name: string } } }[] }).metrics)
    .map(({ pods }) => pods.metric.name);
}

/** By the name that an autoscaler asks for: the series of our services that prometheus-adapter makes it of. */
export function adapted(): Map<string, string> {
  const file = `${manifests}/components/autoscaling/prometheus-adapter-values.yaml`;
  const { rules } = parse(readFileSync(file, 'utf8')) as { rules: { custom: AdapterRule[] } };
  return new Map(
    rules.custom.map(({ seriesQuery, name }) => {
      const series = seriesQuery.replace(/\{.*$/, '');
      // Go may write a group of a match in braces.
      return [series.replace(new RegExp(name.matches), name.as.replace(/\$\{(\d)\}/, '$$$1')), series];
    }),
  );
}
