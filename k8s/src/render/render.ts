import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import jsonPatch from 'fast-json-patch';
import { parse, parseAllDocuments } from 'yaml';
import { contentHash } from './content-hash.ts';
import type { KubernetesObject, Metadata } from './kubernetes-object.ts';
import {
  type ConfigMapGenerator,
  type GeneratorOptions,
  type Kustomization,
  type PatchEntry,
  readKustomization,
} from './kustomization.ts';
import { strategicMerge } from './strategic-merge.ts';

/** An object on its way, and whether its name gets the hash of its content at the end. */
interface Draft {
  readonly object: KubernetesObject;
  readonly isHashed: boolean;
}

const clusterWide = new Set(['Namespace']);

/** What `kubectl kustomize <folder>` prints, for machines without a kubectl that knows components. */
export async function render(folder: string): Promise<KubernetesObject[]> {
  return withHashedNames(await accumulate(folder, []));
}

/** A component continues with what there is; anything else begins with nothing. */
async function accumulate(folder: string, given: readonly Draft[]): Promise<Draft[]> {
  const kustomization = await readKustomization(folder);
  let drafts = [...given];
  for (const resource of kustomization.resources ?? []) drafts.push(...(await readResource(join(folder, resource))));
  for (const generator of kustomization.configMapGenerator ?? []) {
    drafts = await generate(drafts, generator, kustomization.generatorOptions, folder);
  }
  for (const component of kustomization.components ?? []) drafts = await accumulate(join(folder, component), drafts);
  for (const patch of kustomization.patches ?? []) drafts = applyPatch(drafts, patch, folder);
  return drafts.map((draft) => ({ ...draft, object: transformed(draft.object, kustomization) }));
}

async function readResource(path: string): Promise<Draft[]> {
  if ((await stat(path)).isDirectory()) return await accumulate(path, []);
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${path}: ${error.message}`);
    return { object: document.toJS() as KubernetesObject, isHashed: false };
  });
}

async function generate(
  drafts: readonly Draft[],
  generator: ConfigMapGenerator,
  general: GeneratorOptions | undefined,
  folder: string,
): Promise<Draft[]> {
  const data = await generatedData(generator, folder);
  const { name, namespace, behavior } = generator;
  if (behavior === 'merge') {
    const merge = (object: KubernetesObject) => ({ ...object, data: { ...(object.data as object), ...data } });
    return replaceOne(drafts, { kind: 'ConfigMap', name }, folder, merge);
  }
  const options = { ...general, ...generator.options };
  const metadata: Metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return [...drafts, { object, isHashed: options.disableNameSuffixHash !== true }];
}

async function generatedData(
  { literals = [], files = [] }: ConfigMapGenerator,
  folder: string,
): Promise<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const literal of literals) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(literal) ?? [];
    data[key] = value;
  }
  for (const file of files) data[basename(file)] = await readFile(join(folder, file), 'utf8');
  return data;
}

function applyPatch(drafts: readonly Draft[], { target, patch }: PatchEntry, folder: string): Draft[] {
  const change: unknown = parse(patch);
  if (Array.isArray(change)) {
    if (target === undefined) throw new Error(`${folder}: a list of operations needs a target`);
    return replaceOne(drafts, target, folder, (object) => {
      return jsonPatch.applyPatch(structuredClone(object), change, true).newDocument;
    });
  }
  const whole = change as KubernetesObject;
  const named = target ?? { kind: whole.kind, name: whole.metadata.name };
  return replaceOne(drafts, named, folder, (object) => strategicMerge(object, whole) as KubernetesObject);
}

function replaceOne(
  drafts: readonly Draft[],
  { kind, name }: { kind: string; name: string },
  folder: string,
  change: (object: KubernetesObject) => KubernetesObject,
): Draft[] {
  const isMeant = ({ object }: Draft) => object.kind === kind && object.metadata.name === name;
  if (!drafts.some(isMeant)) throw new Error(`${folder}: there is no ${kind} ${name} to change`);
  return drafts.map((draft) => (isMeant(draft) ? { ...draft, object: change(draft.object) } : draft));
}

function transformed(
  object: KubernetesObject,
  { namespace, labels = [], images = [] }: Kustomization,
): KubernetesObject {
  const pairs = Object.assign({}, ...labels.map((entry) => entry.pairs));
  const metadata = {
    ...object.metadata,
    ...(namespace === undefined || clusterWide.has(object.kind) ? {} : { namespace }),
    ...(labels.length === 0 ? {} : { labels: { ...object.metadata.labels, ...pairs } }),
  };
  const withImages = rewritten({ ...object, metadata }, 'image', (image) => {
    const [, name = '', tag = ''] = /^(.*?)(:[^:/]+)?$/.exec(image) ?? [];
    const found = images.find((entry) => entry.name === name);
    if (found === undefined) return image;
    return `${found.newName ?? name}${found.newTag === undefined ? tag : `:${found.newTag}`}`;
  });
  return withImages as KubernetesObject;
}

function withHashedNames(drafts: readonly Draft[]): KubernetesObject[] {
  const newNames = new Map(
    drafts
      .filter(({ isHashed }) => isHashed)
      .map(({ object }) => {
        const { name } = object.metadata;
        return [name, `${name}-${contentHash(object.data as Record<string, string>)}`];
      }),
  );
  return drafts.map(({ object, isHashed }) => {
    if (isHashed) {
      const name = newNames.get(object.metadata.name) as string;
      return { ...object, metadata: { ...object.metadata, name } };
    }
    return referencesIn(object, newNames) as KubernetesObject;
  });
}

const referring = new Set(['configMapRef', 'configMapKeyRef', 'configMap']);

function referencesIn(value: unknown, newNames: ReadonlyMap<string, string>, field = ''): unknown {
  const rename = (name: string) => newNames.get(name) ?? name;
  if (referring.has(field)) return rewritten(value, 'name', rename);
  return mapped(value, (inner, name) => referencesIn(inner, newNames, name));
}

/** The same value, with every text in a field of this name passed through `change`. */
function rewritten(value: unknown, field: string, change: (text: string) => string): unknown {
  return mapped(value, (inner, name) =>
    name === field && typeof inner === 'string' ? change(inner) : rewritten(inner, field, change),
  );
}

function mapped(value: unknown, change: (inner: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => change(entry, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner, name)]));
}
