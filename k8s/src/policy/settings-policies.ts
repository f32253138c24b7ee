import { edgeCommand } from '@nearcast/origin-proxy/config';
import { parseSize } from '@nearcast/service-kit';
import { trackerCommand } from '@nearcast/tracker/config';
import type { Command } from 'commander';
import { type KubernetesObject, nameOf } from '../render/kubernetes-object.ts';
import { said } from './pod-policies.ts';
import { replicasOf } from './wiring-policies.ts';
import { type Container, type Workload, workloadsOf } from './workload.ts';

type Settings = Readonly<Record<string, string>>;

const commands: Readonly<Record<string, () => Command>> = { tracker: trackerCommand, edge: edgeCommand };
/** Node's own, and not a setting of ours. */
const foreign = new Set(['NODE_OPTIONS']);
/** Time for what is left after the last viewer was sent away. */
const RESERVE_SECONDS = 10;
const MIB = 1024 ** 2;
/** Stands for what only the cluster knows; a key in hexadecimal would do as well. */
const SECRET = '00112233445566778899aabbccddeeff';

/** Where settings of our services are none, or do not fit the pod that they are for; one sentence each. */
export function settingsProblems(objects: readonly KubernetesObject[]): string[] {
  return workloadsOf(objects).flatMap((workload) => {
    const [container] = workload.spec.template.spec.containers;
    const command = commands[workload.metadata.name];
    if (container === undefined || command === undefined) return [];
    const settings = settingsOf(objects, container);
    const refused = parserProblems(command(), settings);
    const fitting = () => [
      ...portProblems(container, settings),
      ...graceProblems(workload, container, settings),
      ...memoryProblems(container, settings),
      ...diskProblems(workload, container, settings),
      ...replicaProblems(objects, workload, settings),
    ];
    const known = refused.some((problem) => problem.startsWith('error:')) ? refused : [...refused, ...fitting()];
    return known.map((problem) => `${nameOf(workload)}: ${problem}`);
  });
}

/** Everything that is in the environment of a container. */
export function settingsOf(objects: readonly KubernetesObject[], { env = [], envFrom = [] }: Container): Settings {
  const maps = envFrom.map(({ configMapRef }) =>
    objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name),
  );
  // What is in a Secret is not here; that the setting exists can still be seen.
  const values = env.map(({ name, value, valueFrom }) => ({ [name]: value ?? (valueFrom ? SECRET : '') }));
  return Object.assign({}, ...maps.map((map) => map?.data), ...values);
}

/** The service's own parser reads the settings, as flags so that it reads these and not the test's environment. */
function parserProblems(command: Command, settings: Settings): string[] {
  const known = new Map(command.options.map((option) => [option.envVar, option.long ?? '']));
  const argv: string[] = [];
  const problems: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const flag = known.get(name);
    if (flag !== undefined) argv.push(flag, value);
    else if (!foreign.has(name)) problems.push(`${command.name()} knows no ${name}`);
  }
  try {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parse(argv, { from: 'user' });
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}

function portProblems({ ports = [] }: Container, settings: Settings): string[] {
  const listens = Object.entries(settings).filter(([name]) => name.endsWith('_PORT'));
  const declared = ports.map(({ containerPort }) => String(containerPort));
  return [
    ...listens
      .filter(([, port]) => !declared.includes(port))
      .map(([name, port]) => `${name} is ${port}, which is not declared`),
    ...declared
      .filter((port) => !listens.some(([, value]) => value === port))
      .map((port) => `nothing listens on the declared port ${port}`),
  ];
}

function graceProblems({ spec }: Workload, container: Container, settings: Settings): string[] {
  const grace = spec.template.spec.terminationGracePeriodSeconds ?? 30;
  const preStop = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const drain = Number(settings.NEARCAST_TRACKER_DRAIN_SECONDS ?? 0);
  return said([
    [preStop === 0, 'it goes while Services still name it: no preStop'],
    [
      grace < preStop + drain + RESERVE_SECONDS,
      `it is killed after ${grace} s, in the middle of ${preStop} + ${drain} s`,
    ],
  ]);
}

/** The heap of JavaScript and the bodies, which are outside of it, and as much as the runtime itself needs. */
function memoryProblems({ resources }: Container, settings: Settings): string[] {
  const limit = bytesOf(String(resources?.limits?.memory ?? 0));
  const [, heap = '0'] = /--max-old-space-size=(\d+)/.exec(settings.NODE_OPTIONS ?? '') ?? [];
  const needed = Number(heap) * MIB + parseSize(settings.NEARCAST_EDGE_MEMORY_SIZE ?? '0') + 64 * MIB;
  return said([
    [heap === '0', 'its heap is not bounded by --max-old-space-size'],
    [needed > limit, `it may need ${needed / MIB} MiB, but has ${limit / MIB} MiB`],
  ]);
}

/** A file system needs room of its own, and so does what is written before it counts. */
function diskProblems({ spec }: Workload, { volumeMounts = [] }: Container, settings: Settings): string[] {
  const folder = settings.NEARCAST_EDGE_CACHE_DIR;
  if (folder === undefined) return [];
  const mount = volumeMounts.find(({ mountPath }) => folder.startsWith(mountPath));
  const claim = (spec.volumeClaimTemplates ?? []).find(({ metadata }) => metadata.name === mount?.name);
  if (claim === undefined) return [`${folder} is on no volume`];
  const room = bytesOf(claim.spec.resources.requests.storage);
  const cache = parseSize(settings.NEARCAST_EDGE_CACHE_SIZE ?? '0');
  return said([[cache > 0.9 * room, `the cache of ${cache / MIB} MiB fills more than nine tenths of its volume`]]);
}

function replicaProblems(objects: readonly KubernetesObject[], workload: Workload, settings: Settings): string[] {
  if (replicasOf(objects, workload) < 2) return [];
  const ingress = objects.find(({ kind, metadata }) => kind === 'Ingress' && metadata.name === workload.metadata.name);
  const isHashed = ingress?.metadata.annotations?.['nginx.ingress.kubernetes.io/upstream-hash-by'] !== undefined;
  const { name } = workload.metadata;
  return said([
    [
      name === 'edge' && settings.NEARCAST_EDGE_SIGNING_KEY === undefined,
      'each replica would sign with a key of its own',
    ],
    [name === 'tracker' && settings.NEARCAST_TRACKER_REDIS === undefined, 'each replica would be a tracker of its own'],
    [name === 'edge' && !isHashed, 'no replica would see the same object twice'],
  ]);
}

/** Kubernetes' quantities of bytes are, as the manifests write them, ours without the B. */
function bytesOf(quantity: string): number {
  return parseSize(quantity.replace(/i$/, 'iB'));
}
