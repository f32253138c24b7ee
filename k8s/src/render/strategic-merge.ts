type Fields = { [name: string]: unknown };

/** Lists of which a patch names single entries, and by what (`x-kubernetes-patch-merge-key` of the API's definitions). */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};

/** Kubernetes' strategic merge: objects merge, entries of keyed lists merge, anything else is replaced, null removes. */
export function strategicMerge(target: unknown, patch: unknown, field = ''): unknown {
  const key = mergeKeys[field];
  if (Array.isArray(target) && Array.isArray(patch) && key !== undefined) return mergeEntries(target, patch, key);
  if (!isFields(target) || !isFields(patch)) return patch;
  const merged: Fields = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = name in target ? strategicMerge(target[name], value, name) : value;
  }
  return merged;
}

function mergeEntries(target: readonly Fields[], patch: readonly Fields[], key: string): Fields[] {
  const named = new Map(patch.map((entry) => [entry[key], entry]));
  const merged = target.map((entry) => {
    const change = named.get(entry[key]);
    named.delete(entry[key]);
    return change === undefined ? entry : (strategicMerge(entry, change) as Fields);
  });
  return [...named.values(), ...merged];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
