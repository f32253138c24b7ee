import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import type { KubernetesObject } from '../render/kubernetes-object.ts';

type Schema = { [field: string]: unknown };

const schemas = new URL('../../schemas/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, schemas), 'utf8'));

const { definitions }: { definitions: Record<string, Schema> } = read('kubernetes.json');
const customResources: Record<string, Schema> = read('custom-resources.json');

/** Types of which the definitions say less than Kubernetes accepts, and the other way round. */
const corrected: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['integer', 'string'] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    type: ['integer', 'string'],
    pattern: '^[+-]?([0-9]+|[0-9]+[.][0-9]*|[.][0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$',
  },
};

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const root = { $id: 'https://kubernetes.invalid/api', definitions: closed({ ...definitions, ...corrected }) };
ajv.addSchema(root);

const references = new Map<string, string>();
for (const [name, definition] of Object.entries(definitions)) {
  const kinds = (definition['x-kubernetes-group-version-kind'] ?? []) as {
    group: string;
    version: string;
    kind: string;
  }[];
  for (const { group, version, kind } of kinds) {
    references.set(`${group === '' ? '' : `${group}/`}${version}/${kind}`, `${root.$id}#/definitions/${name}`);
  }
}

/** What is wrong with an object by the schema of its kind, one sentence each; unknown keys and kinds are wrong. */
export function checkObject(object: KubernetesObject): string[] {
  const kind = `${object.apiVersion}/${object.kind}`;
  const validate = validatorOf(kind);
  if (validate === undefined) return [`${kind} is no kind that is known here`];
  validate(object);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const detail = 'additionalProperty' in params ? ` (${params.additionalProperty})` : '';
    return `${instancePath || '/'} ${message}${detail}`;
  });
}

function validatorOf(kind: string): ValidateFunction | undefined {
  const found = ajv.getSchema(kind);
  if (found !== undefined) return found;
  const reference = references.get(kind);
  if (reference !== undefined) ajv.addSchema({ $ref: reference }, kind);
  else if (kind in customResources) ajv.addSchema(closed(customResources[kind]) as Schema, kind);
  return ajv.getSchema(kind);
}

/** Go's "(?i)" holds to the end of a pattern; JavaScript's has brackets. */
function pattern(text: string): string {
  return text.replace(/\(\?i\)(.*)$/, '(?i:$1)');
}

/** The same schema, but an object with `properties` has no others. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      name === 'pattern' && typeof field === 'string' ? pattern(field) : closed(field),
    ]),
  );
  const isOpen = 'additionalProperties' in inner || inner['x-kubernetes-preserve-unknown-fields'] === true;
  // Only a schema has the text "object" as its type; a map of properties may have one called `type`.
  return inner.type === 'object' && 'properties' in inner && !isOpen
    ? { ...inner, additionalProperties: false }
    : inner;
}
