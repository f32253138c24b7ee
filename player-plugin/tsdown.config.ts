import type { UserConfig } from 'tsdown';
import { agreedNames, renameProperties } from './build/agreed-names.ts';
import { internalWordsShortened } from './build/internal-words.ts';
import { shrink } from './build/shrink.ts';

/** Names are given once, by the one that comes last. */
const minifiedOnce = { compress: true, mangle: false, codegen: true } as const;

const shared = {
  platform: 'browser',
  target: 'es2022',
  minify: true,
  failOnWarn: true,
  tsconfig: 'tsconfig.json',
  // p2p-media-loader-core drags in Node's `events` but under this condition.
  inputOptions: {
    resolve: { conditionNames: ['p2pml:core-as-bundle', '@nearcast/source', 'browser', 'import', 'default'] },
  },
} satisfies UserConfig;

const script = {
  ...shared,
  format: 'iife',
  dts: false,
  clean: false,
  outputOptions: { entryFileNames: '[name].js', generatedCode: { symbols: false } },
} satisfies UserConfig;
const aliasOf = (replacement: string) => ({ './compat/load.ts': new URL(replacement, import.meta.url).pathname });

const config: UserConfig[] = [
  {
    ...shared,
    entry: { files: 'src/files/index.ts' },
    format: 'esm',
    dts: true,
  },
  {
    ...shared,
    entry: { 'p2p-media-loader': 'src/compat/p2p-media-loader.ts' },
    format: 'esm',
    dts: false,
    clean: false,
    plugins: [
      {
        name: 'agreed-names',
        transform: {
          filter: { id: /\/(?:player-plugin|protocol)\/src\/.*\.ts$/ },
          handler(code) {
            const renamed = renameProperties(code, agreedNames);
            return { code: renamed.toString(), map: renamed.generateMap({ hires: true }).toString() };
          },
        },
      },
    ],
  },
  // By itself: it shares nothing with the others that would be worth a second request, and its names are shortened.
  {
    ...shared,
    entry: { index: 'src/index.ts' },
    format: 'esm',
    dts: true,
    clean: false,
    minify: minifiedOnce,
    plugins: [
      {
        name: 'p2p-media-loader-beside',
        resolveId: (id) =>
          id === './p2p-media-loader.ts' ? { id: './p2p-media-loader.js', external: true } : undefined,
      },
      internalWordsShortened(),
      shrink(),
    ],
  },
  {
    ...script,
    entry: { nearcast: 'src/index.ts' },
    globalName: 'Nearcast',
    alias: aliasOf('src/compat/load-beside-script.ts'),
    minify: minifiedOnce,
    plugins: [internalWordsShortened(), shrink()],
  },
  { ...script, entry: { 'nearcast-files-worker': 'src/files/files-worker.ts' } },
];

export default config;
