import { type KubernetesObject, nameOf } from '../render/kubernetes-object.ts';
import { said } from './pod-policies.ts';
import { type Selector, selected, selects, type Workload, workloadsOf } from './workload.ts';

interface Service extends KubernetesObject {
  readonly spec: {
    readonly type?: string;
    readonly externalTrafficPolicy?: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

interface Ingress extends KubernetesObject {
  readonly spec: {
    readonly tls?: readonly { readonly hosts: readonly string[] }[];
    readonly rules: readonly {
      readonly host: string;
      readonly http: {
        readonly paths: readonly {
          readonly backend: { readonly service: { readonly name: string; readonly port: { readonly name: string } } };
        }[];
      };
    }[];
  };
}

type Peer = { readonly podSelector?: Selector; readonly namespaceSelector?: Selector };

interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly {
      readonly from: readonly Peer[];
      readonly ports: readonly { readonly port: string | number }[];
    }[];
    readonly egress?: readonly {
      readonly to: readonly Peer[];
      readonly ports: readonly { readonly port: string | number }[];
    }[];
  };
}

interface Budget extends KubernetesObject {
  readonly spec: { readonly selector: Selector; readonly minAvailable?: number; readonly maxUnavailable?: number };
}

interface Autoscaler extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas: number;
    readonly maxReplicas: number;
  };
}

interface ServiceMonitor extends KubernetesObject {
  readonly spec: { readonly selector: Selector; readonly endpoints: readonly { readonly port: string }[] };
}

const ofKind = <T extends KubernetesObject>(objects: readonly KubernetesObject[], kind: string): T[] =>
  objects.filter((object) => object.kind === kind) as T[];

/** Where objects name each other and the other is not there, one sentence each. */
export function wiringProblems(objects: readonly KubernetesObject[]): string[] {
  const check = <T extends KubernetesObject>(kind: string, problems: (object: T) => string[]) =>
    ofKind<T>(objects, kind).flatMap((object) => problems(object).map((problem) => `${nameOf(object)}: ${problem}`));
  return [
    ...workloadsOf(objects).flatMap((workload) =>
      workloadProblems(objects, workload).map((problem) => `${nameOf(workload)}: ${problem}`),
    ),
    ...check<Service>('Service', (service) => serviceProblems(objects, service)),
    ...check<Ingress>('Ingress', (ingress) => ingressProblems(objects, ingress)),
    ...check<NetworkPolicy>('NetworkPolicy', (policy) => networkProblems(objects, policy)),
    ...check<Budget>('PodDisruptionBudget', (budget) => budgetProblems(objects, budget)),
    ...check<Autoscaler>('HorizontalPodAutoscaler', (autoscaler) => autoscalerProblems(objects, autoscaler)),
    ...check<ServiceMonitor>('ServiceMonitor', (monitor) => monitorProblems(objects, monitor)),
    ...namespaceProblems(objects),
  ];
}

/** The fewest replicas that a workload has, by its autoscaler where it has one. */
export function replicasOf(objects: readonly KubernetesObject[], { kind, metadata, spec }: Workload): number {
  const autoscaler = ofKind<Autoscaler>(objects, 'HorizontalPodAutoscaler').find(
    (object) => object.spec.scaleTargetRef.kind === kind && object.spec.scaleTargetRef.name === metadata.name,
  );
  return autoscaler?.spec.minReplicas ?? spec.replicas ?? 1;
}

function workloadProblems(objects: readonly KubernetesObject[], { metadata, spec }: Workload): string[] {
  const exists = (kind: string, name: string | undefined) =>
    objects.some(
      (object) =>
        object.kind === kind && object.metadata.name === name && object.metadata.namespace === metadata.namespace,
    );
  const { containers, serviceAccountName, volumes = [] } = spec.template.spec;
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  const offered = [
    ...volumes.map(({ name }) => name),
    ...(spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
  ];
  const settings = containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef.name));
  return [
    ...said([
      [!exists('ServiceAccount', serviceAccountName), `there is no service account ${serviceAccountName}`],
      [
        spec.serviceName !== undefined && !exists('Service', spec.serviceName),
        `there is no service ${spec.serviceName}`,
      ],
    ]),
    ...mounts.filter((name) => !offered.includes(name)).map((name) => `there is no volume ${name}`),
    ...offered.filter((name) => !mounts.includes(name)).map((name) => `nobody mounts the volume ${name}`),
    ...settings.filter((name) => !exists('ConfigMap', name)).map((name) => `there is no ConfigMap ${name}`),
  ];
}

function serviceProblems(objects: readonly KubernetesObject[], { metadata, spec }: Service): string[] {
  const behind = selected(objects, metadata.namespace, { matchLabels: spec.selector });
  const ports = behind.flatMap(portNames);
  return [
    ...said([
      [behind.length !== 1, `it selects ${behind.length} workloads, not one`],
      [
        spec.type === 'LoadBalancer' && spec.externalTrafficPolicy !== 'Local',
        "nodes would put their address in place of the viewer's: externalTrafficPolicy is not Local",
      ],
    ]),
    ...spec.ports
      .filter(({ targetPort }) => !ports.includes(targetPort))
      .map(({ targetPort }) => `no pod has a port ${targetPort}`),
  ];
}

function ingressProblems(objects: readonly KubernetesObject[], { metadata, spec }: Ingress): string[] {
  const backends = spec.rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service));
  const services = ofKind<Service>(objects, 'Service').filter(
    (service) => service.metadata.namespace === metadata.namespace,
  );
  const reaches = ({ name, port }: (typeof backends)[number]) =>
    services.some(
      (service) => service.metadata.name === name && service.spec.ports.some((one) => one.name === port.name),
    );
  const secured = spec.tls?.flatMap(({ hosts }) => hosts);
  const open = spec.rules.filter(({ host }) => secured !== undefined && !secured.includes(host));
  return [
    ...backends
      .filter((backend) => !reaches(backend))
      .map(({ name, port }) => `there is no service ${name} with a port ${port.name}`),
    ...said([[backends.some(({ port }) => port.name === 'admin'), 'it shows the port for operators to the world']]),
    ...open.map(({ host }) => `${host} is in no certificate`),
  ];
}

function networkProblems(objects: readonly KubernetesObject[], { metadata, spec }: NetworkPolicy): string[] {
  const isForAll = Object.keys(spec.podSelector.matchLabels ?? {}).length === 0;
  const own = selected(objects, metadata.namespace, spec.podSelector);
  // What cert-manager starts for a challenge is in no manifest.
  const isForeign = spec.podSelector.matchLabels?.['app.kubernetes.io/name'] === 'acme-solver';
  const incoming = (spec.ingress ?? []).flatMap(({ ports }) => missingPorts(ports, own));
  const outgoing = (spec.egress ?? []).flatMap(({ to, ports }) => {
    const targets = to.flatMap(({ podSelector, namespaceSelector }) =>
      podSelector === undefined || namespaceSelector !== undefined
        ? []
        : selected(objects, metadata.namespace, podSelector),
    );
    return missingPorts(ports, targets);
  });
  return [
    ...said([[own.length === 0 && !isForAll && !isForeign, 'it is for no pod']]),
    ...[...incoming, ...outgoing].map((port) => `no pod that it is about has a port ${port}`),
  ];
}

/** Numbers may be ports of others; names are resolved in pods of ours. */
function missingPorts(ports: readonly { readonly port: string | number }[], workloads: readonly Workload[]): string[] {
  const named = ports.map(({ port }) => port).filter((port) => typeof port === 'string');
  return named.filter((port) => !workloads.some((workload) => portNames(workload).includes(port)));
}

function budgetProblems(objects: readonly KubernetesObject[], { metadata, spec }: Budget): string[] {
  const [workload, ...others] = selected(objects, metadata.namespace, spec.selector);
  if (workload === undefined || others.length > 0) return ['it is not for exactly one workload'];
  const replicas = replicasOf(objects, workload);
  const mayGo = spec.maxUnavailable ?? replicas - (spec.minAvailable ?? 0);
  return said([[mayGo < 1, `it never lets a pod go: no node could be drained (${replicas} replicas)`]]);
}

function autoscalerProblems(objects: readonly KubernetesObject[], { metadata, spec }: Autoscaler): string[] {
  const { kind, name } = spec.scaleTargetRef;
  const target = workloadsOf(objects).find(
    (workload) =>
      workload.kind === kind && workload.metadata.name === name && workload.metadata.namespace === metadata.namespace,
  );
  return said([
    [target === undefined, `there is no ${kind} ${name}`],
    [
      target?.spec.replicas !== undefined,
      `${kind} ${name} has a number of replicas, which would undo the autoscaler's`,
    ],
    [spec.minReplicas > spec.maxReplicas, 'it wants more at least than at most'],
  ]);
}

function monitorProblems(objects: readonly KubernetesObject[], { metadata, spec }: ServiceMonitor): string[] {
  const services = ofKind<Service>(objects, 'Service').filter(
    (service) => service.metadata.namespace === metadata.namespace && selects(spec.selector, service.metadata.labels),
  );
  const ports = services.flatMap((service) => service.spec.ports.map(({ name }) => name));
  return [
    ...said([[services.length !== 1, `it selects ${services.length} services, not one`]]),
    ...spec.endpoints.filter(({ port }) => !ports.includes(port)).map(({ port }) => `no service has a port ${port}`),
  ];
}

function namespaceProblems(objects: readonly KubernetesObject[]): string[] {
  const there = new Set(ofKind(objects, 'Namespace').map(({ metadata }) => metadata.name));
  return objects
    .filter(({ kind, metadata }) => kind !== 'Namespace' && !there.has(metadata.namespace ?? ''))
    .map((object) => `${nameOf(object)}: there is no such namespace`);
}

function portNames({ spec }: Workload): string[] {
  return spec.template.spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
}
