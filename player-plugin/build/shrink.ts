import remapping, { type SourceMapInput } from '@jridgewell/remapping';
import { minify } from 'terser';
import type { TsdownPlugin } from 'tsdown';
import { classesAsClosures } from './closures.ts';
import { inBestOrder } from './function-order.ts';
import { pluginNames, propertyNames } from './internal-names.ts';
import { shortNames } from './short-names.ts';

/** What hls.js with WebRTC runs on (Chrome 94, Firefox 93, Safari 16.4) has all of it. */
const ECMA = 2020;

let names: ReadonlyMap<string, string> | undefined;

/** One for all bundles of a build: the sources are the same. */
function pluginShortNames(): ReadonlyMap<string, string> {
  names ??= shortNames(propertyNames(pluginNames()));
  return names;
}

/** One for each piece that comes or goes: with functions of its own it costs five times as much. */
const MANY_AT_A_TIME: readonly string[] = ['FieldWalk'];

/**
 * Makes a bundle smaller: classes become closures, names of properties that only the bundle itself knows become short, and
 * what the bundler's own minifier leaves undone is done.
 */
export function shrink(): TsdownPlugin {
  return {
    name: 'shrink',
    renderChunk(code) {
      const closures = classesAsClosures(code, MANY_AT_A_TIME);
      return { code: closures.toString(), map: closures.generateMap({ hires: true }).toString() };
    },
    async generateBundle({ format }, bundle) {
      const short = pluginShortNames();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.fileName.endsWith('.js')) continue;
        const { code, map } = await minify(chunk.code, {
          module: format === 'es',
          ecma: ECMA,
          // Reading a property does nothing, here and in what the platform has. Unsafe would be to do without `Math` and its
          // like as they are, or to make text of what is not text already.
          compress: {
            passes: 5,
            sequences: false,
            unsafe: true,
            unsafe_arrows: true,
            pure_getters: true,
            lhs_constants: false,
          },
          // Which names clash with the platform's has been decided already, and by types rather than by a list.
          mangle: { properties: { regex: patternOf([...short.keys()]), builtins: true } },
          nameCache: { props: { props: Object.fromEntries([...short].map(([name, given]) => [`$${name}`, given])) } },
          ...(chunk.map ? { sourceMap: { content: chunk.map.toString(), asObject: true } } : {}),
        });
        if (code === undefined) throw new Error(`${chunk.fileName} became nothing`);
        const ordered = inBestOrder(code);
        chunk.code = ordered.toString();
        const mapFile = bundle[`${chunk.fileName}.map`];
        if (mapFile?.type === 'asset') {
          const moves = ordered.generateMap({ hires: true }) as SourceMapInput;
          mapFile.source = remapping([moves, map as SourceMapInput], () => null).toString();
        }
      }
    },
  };
}

function patternOf(words: readonly string[]): RegExp {
  return new RegExp(`^(?:${words.map((word) => word.replaceAll('$', '\\$')).join('|')})$`);
}
