import type { KubernetesObject, Metadata } from '../render/kubernetes-object.ts';

/** The fields of pods that the policies look at; the schemas have checked their types. */
export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly hostNetwork?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: SecurityContext;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
  readonly volumes?: readonly Volume[];
}

export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string };
  readonly hostPath?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly Variable[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly ContainerPort[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly securityContext?: SecurityContext;
}

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly hostPort?: number;
}

type Amounts = Readonly<Record<string, string | number>>;

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** What runs pods. */
export interface Workload extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: Selector;
    readonly serviceName?: string;
    readonly template: PodTemplate;
    readonly volumeClaimTemplates?: readonly {
      readonly metadata: Metadata;
      readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
    }[];
  };
}

const kinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects.filter(({ kind }) => kinds.has(kind)) as Workload[];
}

/** Whether a selector is met by labels; one that asks for nothing is met by all. */
export function selects({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}

/** The workloads of a namespace whose pods a selector meets. */
export function selected(
  objects: readonly KubernetesObject[],
  namespace: string | undefined,
  selector: Selector,
): Workload[] {
  return workloadsOf(objects).filter(
    ({ metadata, spec }) => metadata.namespace === namespace && selects(selector, spec.template.metadata.labels),
  );
}
