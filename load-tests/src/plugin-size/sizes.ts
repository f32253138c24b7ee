import { SourceMap, type SourceMapPayload } from 'node:module';
import { gzipSync } from 'node:zlib';

/** What a page downloads: compressed as well as gzip can. */
export function gzipBytes(code: string | Buffer): number {
  return gzipSync(code, { level: 9 }).length;
}

export interface ModuleSize {
  readonly module: string;
  /** Of the minified bundle. */
  readonly bytes: number;
  /** By how much the compressed bundle is smaller without them. */
  readonly gzipBytes: number;
}

/** What each module adds to a bundle. The shares do not sum up to the whole: what two have in common is in neither's. */
export function moduleSizes(code: string, map: SourceMapPayload): ModuleSize[] {
  const owners = ownersOf(code, map);
  const whole = gzipBytes(code);
  const modules = [...new Set(owners)];
  const sizes = modules.map((module) => {
    const rest = [...code].filter((_, at) => owners[at] !== module);
    return { module, bytes: code.length - rest.length, gzipBytes: whole - gzipBytes(rest.join('')) };
  });
  return sizes.sort((one, other) => other.gzipBytes - one.gzipBytes);
}

/** By character of the bundle: the module that it comes from. */
function ownersOf(code: string, payload: SourceMapPayload): string[] {
  const map = new SourceMap(payload);
  return code.split(/(?<=\n)/).flatMap((text, line) =>
    [...text].map((_, column) => {
      const entry = map.findEntry(line, column);
      const source: string | undefined = 'originalSource' in entry ? entry.originalSource : undefined;
      return source?.replace(/^.*\/(?=(?:player-plugin|protocol)\/src\/)/, '') ?? 'what no module owns';
    }),
  );
}
