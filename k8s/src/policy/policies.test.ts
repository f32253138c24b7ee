import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEdge } from '@nearcast/origin-proxy';
import { edgeCommand } from '@nearcast/origin-proxy/config';
import { startTracker } from '@nearcast/tracker';
import { trackerCommand } from '@nearcast/tracker/config';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../render/kubernetes-object.ts';
import { everyRendering, manifests } from '../render/overlays.ts';
import { render } from '../render/render.ts';
import { podProblems } from './pod-policies.ts';
import { adapted, askedFor } from './scaling-metrics.ts';
import { settingsProblems } from './settings-policies.ts';
import { trafficProblems } from './traffic-policies.ts';
import { wiringProblems } from './wiring-policies.ts';
import { workloadsOf } from './workload.ts';

const renderings = await everyRendering();
const problemsOf = (objects: readonly KubernetesObject[]) => [
  ...podProblems(objects),
  ...wiringProblems(objects),
  ...settingsProblems(objects),
  ...trafficProblems(objects),
];

test.each(renderings)('%s keeps to the policies', (_, objects) => {
  expect(problemsOf(objects)).toEqual([]);
});

describe('the policies find', () => {
  type Loose = { [field: string]: Loose } & Loose[];

  /** The production overlay with one thing wrong. */
  async function broken(kind: string, name: string, edit: (object: Loose) => unknown): Promise<string> {
    const objects = structuredClone(await render(join(manifests, 'overlays/production')));
    const found = objects.find((object) => object.kind === kind && object.metadata.name.startsWith(name));
    edit(found as unknown as Loose);
    return problemsOf(objects).join('\n');
  }
  const set = (object: Loose | undefined, fields: object) => Object.assign(object as object, fields);
  const pod = (object: Loose) => object.spec?.template?.spec as Loose;
  const container = (object: Loose) => pod(object).containers?.[0] as Loose;

  test.each<[string, string, string, (object: Loose) => unknown, RegExp]>([
    [
      'a floating image',
      'Deployment',
      'tracker',
      (o) => set(container(o), { image: 'tracker:latest' }),
      /no fixed tag/,
    ],
    [
      'an image without a tag',
      'Deployment',
      'tracker',
      (o) => set(container(o), { image: 'host:5000/tracker' }),
      /no fixed tag/,
    ],
    [
      'a container that may be root',
      'StatefulSet',
      'edge',
      (o) => set(pod(o).securityContext, { runAsUser: 0 }),
      /run as root/,
    ],
    [
      'a writable image',
      'StatefulSet',
      'edge',
      (o) => set(container(o).securityContext, { readOnlyRootFilesystem: false }),
      /write to its image/,
    ],
    ['no limits', 'Deployment', 'tracker', (o) => set(container(o), { resources: {} }), /no limit of cpu or memory/],
    [
      'no probe',
      'Deployment',
      'tracker',
      (o) => Reflect.deleteProperty(container(o), 'readinessProbe'),
      /no readiness probe/,
    ],
    [
      'a probe of nothing',
      'Deployment',
      'tracker',
      (o) => set(container(o).livenessProbe?.httpGet, { port: 'admni' }),
      /probed on port admni/,
    ],
    [
      'a selector of others',
      'Deployment',
      'tracker',
      (o) => set(o.spec?.selector?.matchLabels, { x: 'y' }),
      /does not match its own pods/,
    ],
    ['a service without pods', 'Service', 'edge', (o) => set(o.spec?.selector, { x: 'y' }), /selects 0 workloads/],
    [
      'a service of no port',
      'Service',
      'edge',
      (o) => set(o.spec?.ports?.[0], { targetPort: 'web' }),
      /no pod has a port web/,
    ],
    [
      'an ingress of no service',
      'Ingress',
      'edge',
      (o) => set(o.spec?.rules?.[0]?.http?.paths?.[0]?.backend?.service, { name: 'egde' }),
      /no service egde/,
    ],
    [
      'a host without a certificate',
      'Ingress',
      'edge',
      (o) => set(o.spec?.rules?.[0], { host: 'a.example' }),
      /a.example is in no certificate/,
    ],
    [
      'a budget that blocks',
      'PodDisruptionBudget',
      'edge',
      (o) => set(o.spec, { maxUnavailable: 0 }),
      /never lets a pod go/,
    ],
    [
      'a network policy of no port',
      'NetworkPolicy',
      'edge',
      (o) => set(o.spec?.ingress?.[0]?.ports?.[0], { port: 'web' }),
      /no pod that it is about has a port web/,
    ],
    [
      'a setting that is none',
      'ConfigMap',
      'edge',
      (o) => set(o.data, { NEARCAST_EDGE_CACHE: '1' }),
      /knows no NEARCAST_EDGE_CACHE/,
    ],
    [
      'a setting with a wrong value',
      'ConfigMap',
      'edge',
      (o) => set(o.data, { NEARCAST_EDGE_CACHE_SIZE: '45Gi' }),
      /'45Gi' is invalid/,
    ],
    [
      'a cache larger than its volume',
      'ConfigMap',
      'edge',
      (o) => set(o.data, { NEARCAST_EDGE_CACHE_SIZE: '50GiB' }),
      /nine tenths of its volume/,
    ],
    [
      'more memory than there is',
      'ConfigMap',
      'edge',
      (o) => set(o.data, { NEARCAST_EDGE_MEMORY_SIZE: '2GiB' }),
      /may need 2624 MiB/,
    ],
    [
      'a port that nobody knows',
      'ConfigMap',
      'tracker',
      (o) => set(o.data, { NEARCAST_TRACKER_PORT: '8001' }),
      /is 8001, which is not declared/,
    ],
    [
      'a switch that is neither on nor off',
      'ConfigMap',
      'tracker',
      (o) => set(o.data, { NEARCAST_TRACKER_PROXY_PROTOCOL: 'yes' }),
      /'yes' is invalid/,
    ],
    [
      'a drain that is cut off',
      'ConfigMap',
      'tracker',
      (o) => set(o.data, { NEARCAST_TRACKER_DRAIN_SECONDS: '60' }),
      /killed after 40 s/,
    ],
    [
      'edges with a key each',
      'ConfigMap',
      'edge',
      (o) => Reflect.deleteProperty(o.data as object, 'NEARCAST_EDGE_SIGNING_KEY'),
      /a key of its own/,
    ],
    [
      'trackers that do not know each other',
      'ConfigMap',
      'tracker',
      (o) => Reflect.deleteProperty(o.data as object, 'NEARCAST_TRACKER_REDIS'),
      /a tracker of its own/,
    ],
    [
      'a number of replicas under an autoscaler',
      'Deployment',
      'tracker',
      (o) => set(o.spec, { replicas: 2 }),
      /would undo the autoscaler's/,
    ],
    [
      'a monitor of no port',
      'ServiceMonitor',
      'edge',
      (o) => set(o.spec?.endpoints?.[0], { port: 'web' }),
      /no service has a port web/,
    ],
    [
      'a reader that is not let out',
      'NetworkPolicy',
      'tracker',
      (o) => set(o.spec, { egress: o.spec?.egress?.filter((rule) => `${rule.ports?.[0]?.port}` !== 'admin') }),
      /EDGE_ADMIN names edge-admin:9101, and no NetworkPolicy lets it out/,
    ],
    [
      'a reader that is not let in',
      'NetworkPolicy',
      'edge',
      (o) => set(o.spec, { ingress: o.spec?.ingress?.filter((rule) => rule.from?.[0]?.namespaceSelector) }),
      /EDGE_ADMIN names edge-admin:9101, which no NetworkPolicy lets it in/,
    ],
    [
      'a port that the named service does not have',
      'ConfigMap',
      'tracker',
      (o) => set(o.data, { NEARCAST_TRACKER_EDGE_ADMIN: 'http://edge-admin:9100' }),
      /edge-admin:9100, which is no port/,
    ],
    ['a volume that is not there', 'StatefulSet', 'edge', (o) => set(pod(o), { volumes: [] }), /no volume signing-key/],
  ])('%s', async (_, kind, name, edit, problem) => {
    expect(await broken(kind, name, edit)).toMatch(problem);
  });
});

test('what autoscalers ask for is made of metrics that the services have', async () => {
  const [, all] = renderings.at(-1) as (typeof renderings)[number];
  const ports = { host: '127.0.0.1', port: 0, adminPort: 0 };
  const services = [await startTracker(ports), await startEdge({ ...ports, origin: '.' })];
  const texts = services.map(
    async ({ adminPort }) => await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text(),
  );
  const declared = (await Promise.all(texts)).join('\n');
  await Promise.all(services.map((service) => service.close()));

  expect(askedFor(all).sort()).toEqual([...adapted().keys()].sort());
  for (const series of adapted().values()) expect(declared).toMatch(new RegExp(`^# TYPE ${series} `, 'm'));
});

test('every setting that manifests, components and guide name is one of the services', async () => {
  const options = [trackerCommand(), edgeCommand()].flatMap((command) => command.options);
  const known = new Set(options.flatMap(({ envVar }) => envVar ?? []));
  const files = (await readdir(manifests, { recursive: true })).filter(
    (file) => /\.(yaml|md)$/.test(file) && !file.includes('node_modules'),
  );
  const named = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(manifests, file), 'utf8');
      const settings = text.match(/\bNEARCAST_(TRACKER|EDGE)_\w+/g) ?? [];
      return settings.map((setting) => ({ file, setting }));
    }),
  );
  expect(named.flat().length).toBeGreaterThan(20);
  const unknown = named.flat().filter(({ setting }) => !known.has(setting));
  expect(unknown).toEqual([]);
});

test('secrets are in no manifest, and the guide says how to make each that is asked for', async () => {
  const guide = await readFile(join(manifests, 'README.md'), 'utf8');
  const [, all] = renderings.at(-1) as (typeof renderings)[number];
  expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  const pods = workloadsOf(all).map(({ spec }) => spec.template.spec);
  const mounted = pods.flatMap(({ volumes = [] }) => volumes.flatMap(({ secret }) => secret?.secretName ?? []));
  const variables = pods.flatMap(({ containers }) => containers.flatMap(({ env = [] }) => env));
  const read = variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
  expect([...mounted, ...read].sort()).toEqual([
    'coturn',
    'edge-signing-key',
    'swarm-key',
    'tracker-admin',
    'turn',
    'viewer-tokens',
  ]);
  for (const name of [...mounted, ...read]) expect(guide).toContain(`create secret generic ${name}`);
});
