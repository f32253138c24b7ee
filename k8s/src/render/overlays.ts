import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { KubernetesObject } from './kubernetes-object.ts';
import { render } from './render.ts';

/** Whatever can be applied as it is. */
export const overlays = ['local', 'production', 'multi-region/europe', 'multi-region/america'] as const;
/** Whatever can be added to an overlay. */
export const components = [
  'autoscaling',
  'console',
  'coturn',
  'geo-database',
  'grafana',
  'prometheus-operator',
  'redis',
  'sealed-swarms',
  'signing-key',
  'stun',
  'tcp-balancer',
  'tls',
  'tokens',
] as const;

/** The folder of base, components and overlays. */
export const manifests: string = new URL('../..', import.meta.url).pathname;

/** Each overlay, and the base with every component at once. */
export async function everyRendering(): Promise<[string, KubernetesObject[]][]> {
  const rendered = overlays.map(
    async (overlay): Promise<[string, KubernetesObject[]]> => [
      overlay,
      await render(join(manifests, 'overlays', overlay)),
    ],
  );
  return await Promise.all([...rendered, withAllComponents()]);
}

async function withAllComponents(): Promise<[string, KubernetesObject[]]> {
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-components-'));
  try {
    const at = (path: string) => relative(folder, join(manifests, path));
    const listed = components.map((name) => at(`components/${name}`));
    await writeFile(
      join(folder, 'kustomization.yaml'),
      `resources: [${at('base')}]\ncomponents: [${listed.join(', ')}]\n`,
    );
    return ['base with every component', await render(folder)];
  } finally {
    await rm(folder, { recursive: true });
  }
}
