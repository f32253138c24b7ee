import type { UserConfig } from 'tsdown';

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

const config: UserConfig[] = [
  {
    ...shared,
    entry: { index: 'src/index.ts', files: 'src/files/index.ts', 'p2p-media-loader': 'src/compat/p2p-media-loader.ts' },
    format: 'esm',
    dts: true,
  },
  {
    ...shared,
    entry: { nearcast: 'src/index.ts' },
    format: 'iife',
    globalName: 'Nearcast',
    dts: false,
    clean: false,
    outputOptions: { entryFileNames: '[name].js' },
    alias: { './compat/load.ts': new URL('src/compat/load-beside-script.ts', import.meta.url).pathname },
  },
  {
    ...shared,
    entry: { 'nearcast-files-worker': 'src/files/files-worker.ts' },
    format: 'iife',
    dts: false,
    clean: false,
    outputOptions: { entryFileNames: '[name].js' },
  },
];

export default config;
