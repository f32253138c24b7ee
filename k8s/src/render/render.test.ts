import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type KubernetesObject, nameOf } from './kubernetes-object.ts';
import { components, manifests, overlays } from './overlays.ts';
import { render } from './render.ts';

/** Components came with kubectl 1.21; older ones, such as Debian's, do not know them. */
const kubectl = spawnSync('kubectl', ['kustomize', join(manifests, 'overlays/local')], { encoding: 'utf8' });
const oldKubectl = kubectl.status !== 0;

function byKubectl(folder: string): KubernetesObject[] {
  const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}

const byName = (objects: readonly KubernetesObject[]) =>
  Object.fromEntries(objects.map((object) => [nameOf(object), object]));

test('no overlay and no component is left out of the checks', async () => {
  const folders = async (path: string) => (await readdir(join(manifests, path))).sort();
  expect(await folders('components')).toEqual([...components]);
  expect(await folders('overlays')).toEqual([...new Set(overlays.map((path) => path.split('/')[0]))].sort());
});

describe.skipIf(oldKubectl)('the renderer of the tests gives what kubectl gives', () => {
  test.each(overlays)('%s', async (overlay) => {
    const folder = join(manifests, 'overlays', overlay);
    expect(byName(await render(folder))).toEqual(byName(byKubectl(folder)));
  });
});

describe('a kustomization of a test', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nearcast-kustomize-'));
    for (const part of ['base', 'components']) await symlink(join(manifests, part), join(folder, part));
    await mkdir(join(folder, 'overlay'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (lines: readonly string[]) =>
    writeFile(join(folder, 'overlay/kustomization.yaml'), `${lines.join('\n')}\n`);

  test('is refused when it changes what is not there', async () => {
    await write([
      'resources: [../base]',
      'patches:',
      '  - target: {kind: Deployment, name: trakcer}',
      "    patch: '[]'",
    ]);
    await expect(render(join(folder, 'overlay'))).rejects.toThrow('there is no Deployment trakcer to change');
  });

  test('is refused when it says what the renderer does not know', async () => {
    await write(['resources: [../base]', 'namePrefix: x-']);
    await expect(render(join(folder, 'overlay'))).rejects.toThrow('"namePrefix" is not understood');
  });

  test('with another setting, gives the pods another ConfigMap', async () => {
    const settings = async (value: string) => {
      await write([
        'resources: [../base]',
        'configMapGenerator:',
        '  - {name: edge-config, namespace: nearcast, behavior: merge, literals: [NEARCAST_EDGE_CLIENT_RATE=' +
          value +
          ']}',
      ]);
      const objects = await render(join(folder, 'overlay'));
      return JSON.stringify(objects.find(({ kind }) => kind === 'StatefulSet'));
    };
    expect(await settings('10')).not.toBe(await settings('20'));
  });
});
