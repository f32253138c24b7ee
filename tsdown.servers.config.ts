import type { UserConfig } from 'tsdown';

/** The servers as they are published: what is private to this repository is bundled, what npm has is not. */
const config: UserConfig = {
  // The package that is built, not the folder of this file.
  cwd: process.cwd(),
  entry: { main: 'src/main.ts', server: 'src/server.ts' },
  platform: 'node',
  target: 'node24',
  fixedExtension: false,
  dts: true,
  failOnWarn: true,
  inputOptions: { resolve: { conditionNames: ['@nearcast/source', 'node', 'import', 'default'] } },
};

export default config;
