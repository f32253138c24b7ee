import { type KubernetesObject, nameOf } from '../render/kubernetes-object.ts';
import { type Container, type Probe, selects, type Workload, workloadsOf } from './workload.ts';

/** The namespace whose pods may use the node's network: what a TURN relay is for. */
const HOST_NETWORK_NAMESPACE = 'nearcast-turn';

/** What is wrong with pods, one sentence each. */
export function podProblems(objects: readonly KubernetesObject[]): string[] {
  return workloadsOf(objects).flatMap((workload) => {
    const { containers, initContainers = [] } = workload.spec.template.spec;
    const problems = [
      ...podSpecProblems(workload),
      ...containers.flatMap((container) => probeProblems(container)),
      ...[...containers, ...initContainers].flatMap((container) => [
        ...restrictionProblems(container),
        ...resourceProblems(container),
        ...imageProblems(container),
      ]),
    ];
    return problems.map((problem) => `${nameOf(workload)}: ${problem}`);
  });
}

/** Pod Security Standards, level "restricted", of pods; and what we ask beyond it. */
function podSpecProblems({ metadata, spec }: Workload): string[] {
  const pod = spec.template.spec;
  const { securityContext: security = {} } = pod;
  const spread = pod.topologySpreadConstraints ?? [];
  return said([
    [security.runAsNonRoot !== true || security.runAsUser === 0, 'it may run as root'],
    [security.runAsUser === undefined, 'no runAsUser: a user by name cannot be seen not to be root'],
    [security.seccompProfile?.type !== 'RuntimeDefault', 'no seccomp profile'],
    [pod.hostNetwork === true && metadata.namespace !== HOST_NETWORK_NAMESPACE, 'it uses the network of its node'],
    [pod.automountServiceAccountToken !== false, 'it gets a token of the API server'],
    [pod.serviceAccountName === undefined, 'it runs as the default service account'],
    [pod.volumes?.some(({ hostPath }) => hostPath !== undefined) === true, 'it mounts a folder of its node'],
    [
      spread.some(({ labelSelector }) => !selects(labelSelector, spec.template.metadata.labels)),
      'a topology spread does not count its own pods',
    ],
    [!selects(spec.selector, spec.template.metadata.labels), 'its selector does not match its own pods'],
  ]);
}

/** Pod Security Standards, level "restricted", of containers. */
function restrictionProblems({ name, securityContext: security = {} }: Container): string[] {
  return said([
    [security.privileged === true, `${name} is privileged`],
    [security.allowPrivilegeEscalation !== false, `${name} may gain privileges`],
    [security.readOnlyRootFilesystem !== true, `${name} may write to its image`],
    [security.capabilities?.drop?.includes('ALL') !== true, `${name} keeps capabilities`],
    [(security.capabilities?.add ?? []).length > 0, `${name} adds capabilities`],
  ]);
}

function probeProblems(container: Container): string[] {
  const { name, startupProbe, readinessProbe, livenessProbe } = container;
  return [
    ...said([
      [startupProbe === undefined, `${name} has no startup probe`],
      [readinessProbe === undefined, `${name} has no readiness probe`],
      [livenessProbe === undefined, `${name} has no liveness probe`],
      // A service that is on its way out, or whose Redis is away, must not be killed for it.
      [livenessProbe?.httpGet?.path === '/readyz', `${name} is killed when it is not ready`],
    ]),
    ...[startupProbe, readinessProbe, livenessProbe].flatMap((probe) => probePortProblems(container, probe)),
  ];
}

function probePortProblems({ name, ports = [] }: Container, probe: Probe | undefined): string[] {
  const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
  const isThere = port === undefined || ports.some((one) => one.name === port || one.containerPort === port);
  return isThere ? [] : [`${name} is probed on port ${port}, which it does not have`];
}

function resourceProblems({ name, resources: { requests = {}, limits = {} } = {} }: Container): string[] {
  return said([
    [requests.cpu === undefined || requests.memory === undefined, `${name} requests no cpu or memory`],
    [limits.cpu === undefined || limits.memory === undefined, `${name} has no limit of cpu or memory`],
    [requests.memory !== limits.memory, `${name} may be promised more memory than it requests`],
  ]);
}

function imageProblems({ name, image }: Container): string[] {
  const [, tag] = /:([^:/]+)$/.exec(image) ?? [];
  return said([[tag === undefined || tag === 'latest', `${name}: image ${image} has no fixed tag`]]);
}

/** The sentences whose condition holds. */
export function said(rules: readonly (readonly [boolean, string])[]): string[] {
  return rules.flatMap(([holds, sentence]) => (holds ? [sentence] : []));
}
