import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type KubernetesObject, nameOf } from '../render/kubernetes-object.ts';
import { everyRendering, manifests } from '../render/overlays.ts';
import { render } from '../render/render.ts';
import { checkObject } from './check-object.ts';

test.each(await everyRendering())('every object of %s is valid', (_, objects) => {
  expect(objects.flatMap((object) => checkObject(object).map((problem) => `${nameOf(object)}: ${problem}`))).toEqual(
    [],
  );
});

describe('the check refuses', () => {
  const change = async (kind: string, edit: (object: { [field: string]: never }) => void) => {
    const objects = await render(join(manifests, 'overlays/production'));
    const copy = structuredClone(objects.find((object) => object.kind === kind)) as KubernetesObject;
    edit(copy as never);
    return checkObject(copy);
  };
  type Loose = { [field: string]: Loose } & Loose[];

  test.each<[string, string, (object: Loose) => void, RegExp]>([
    [
      'an unknown key',
      'PodDisruptionBudget',
      ({ spec }) => Object.assign(spec as object, { minAvailble: 1 }),
      /minAvailble/,
    ],
    [
      'a word for a number',
      'StatefulSet',
      ({ spec }) => Object.assign(spec as object, { replicas: 'two' }),
      /replicas must be integer/,
    ],
    [
      'a quantity that is none',
      'Deployment',
      ({ spec }) =>
        Object.assign(spec?.template?.spec?.containers?.[0]?.resources?.limits as object, { memory: '1 GB' }),
      /memory must match pattern/,
    ],
    [
      'a key deep in a pod that does not exist',
      'Deployment',
      ({ spec }) => Object.assign(spec?.template?.spec?.containers?.[0] as object, { readinesProbe: {} }),
      /readinesProbe/,
    ],
    [
      'a missing selector',
      'Deployment',
      ({ spec }) => Reflect.deleteProperty(spec as object, 'selector'),
      /required property 'selector'/,
    ],
    [
      'an unknown key of a custom resource',
      'ServiceMonitor',
      ({ spec }) => Object.assign(spec as object, { endpoint: [] }),
      /endpoint/,
    ],
  ])('%s', async (_, kind, edit, problem) => {
    expect((await change(kind, edit as never)).join('\n')).toMatch(problem);
  });

  test('a kind of another version', () => {
    const old = { apiVersion: 'policy/v1beta1', kind: 'PodDisruptionBudget', metadata: { name: 'x' } };
    expect(checkObject(old)).toEqual(['policy/v1beta1/PodDisruptionBudget is no kind that is known here']);
  });
});
