import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The part of kustomize's language that the overlays use. */
export interface Kustomization {
  readonly namespace?: string;
  readonly labels?: readonly { readonly pairs: Readonly<Record<string, string>> }[];
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly configMapGenerator?: readonly ConfigMapGenerator[];
  readonly generatorOptions?: GeneratorOptions;
  readonly patches?: readonly PatchEntry[];
}

export interface ConfigMapGenerator {
  readonly name: string;
  readonly namespace?: string;
  readonly behavior?: 'merge';
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
  readonly options?: GeneratorOptions;
}

export interface GeneratorOptions {
  readonly disableNameSuffixHash?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PatchEntry {
  /** Without one, the patch is an object that says itself what it is for. */
  readonly target?: { readonly kind: string; readonly name: string };
  readonly patch: string;
}

const known = new Set([
  'apiVersion',
  'kind',
  'namespace',
  'labels',
  'resources',
  'components',
  'images',
  'configMapGenerator',
  'generatorOptions',
  'patches',
]);

/** @throws {Error} for a field that the renderer here does not know: it would be skipped in silence otherwise */
export async function readKustomization(folder: string): Promise<Kustomization> {
  const file = join(folder, 'kustomization.yaml');
  const found = parse(await readFile(file, 'utf8')) as Kustomization;
  for (const field of Object.keys(found)) {
    if (!known.has(field)) throw new Error(`${file}: "${field}" is not understood by the renderer of the tests`);
  }
  return found;
}
