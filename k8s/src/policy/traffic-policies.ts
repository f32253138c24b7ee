import { type KubernetesObject, nameOf } from '../render/kubernetes-object.ts';
import { settingsOf } from './settings-policies.ts';
import { type Container, type Selector, selected, selects, type Workload, workloadsOf } from './workload.ts';

interface Service extends KubernetesObject {
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
  };
}

interface Rule {
  readonly from?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly to?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly ports: readonly { readonly port: string | number }[];
}

interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: Selector;
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** Where a setting names a service of ours that no NetworkPolicy lets its reader reach, one sentence each. */
export function trafficProblems(objects: readonly KubernetesObject[]): string[] {
  return workloadsOf(objects).flatMap((workload) =>
    workload.spec.template.spec.containers.flatMap((container) =>
      namedServices(objects, workload, container).flatMap(({ setting, service, port }) =>
        reachProblems(objects, workload, service, port).map(
          (problem) => `${nameOf(workload)}: ${setting} names ${service.metadata.name}:${port}, ${problem}`,
        ),
      ),
    ),
  );
}

function namedServices(objects: readonly KubernetesObject[], { metadata }: Workload, container: Container) {
  return Object.entries(settingsOf(objects, container)).flatMap(([setting, value]) =>
    [...value.matchAll(/\w+:\/\/([a-z][\w-]*):(\d+)/g)].flatMap(([, host, port]) => {
      const service = objects.find(
        (object) =>
          object.kind === 'Service' &&
          object.metadata.name === host &&
          object.metadata.namespace === metadata.namespace,
      ) as Service | undefined;
      return service ? [{ setting, service, port: Number(port) }] : [];
    }),
  );
}

function reachProblems(
  objects: readonly KubernetesObject[],
  reader: Workload,
  { metadata, spec }: Service,
  port: number,
): string[] {
  const target = spec.ports.find((one) => one.port === port)?.targetPort;
  const [behind] = selected(objects, metadata.namespace, { matchLabels: spec.selector });
  if (target === undefined || behind === undefined) return ['which is no port of a service'];
  const rulesOf = (workload: Workload, direction: 'ingress' | 'egress') =>
    (objects.filter(({ kind }) => kind === 'NetworkPolicy') as NetworkPolicy[])
      .filter(
        (policy) =>
          policy.metadata.namespace === workload.metadata.namespace &&
          selects(policy.spec.podSelector, workload.spec.template.metadata.labels),
      )
      .flatMap((policy) => policy.spec[direction] ?? []);
  const lets = (rules: readonly Rule[], other: Workload) =>
    rules.some(
      ({ from, to, ports }) =>
        ports.some((one) => one.port === target) &&
        [...(from ?? []), ...(to ?? [])].some(
          ({ podSelector, namespaceSelector }) =>
            podSelector !== undefined &&
            namespaceSelector === undefined &&
            selects(podSelector, other.spec.template.metadata.labels),
        ),
    );
  return [
    ...(lets(rulesOf(reader, 'egress'), behind) ? [] : ['and no NetworkPolicy lets it out to there']),
    ...(lets(rulesOf(behind, 'ingress'), reader) ? [] : ['which no NetworkPolicy lets it in to']),
  ];
}
