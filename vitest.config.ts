import { defineConfig } from 'vitest/config';

const conditions = ['@nearcast/source'];
const sources = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: ['**/src/**/*.test.ts', 'scripts/**/*.test.ts', 'player-plugin/build/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts', '**/*.sim.test.ts', '**/*.browser.test.ts'],
          // Some start processes, and machines are busy: this ends what hangs, and judges no speed.
          testTimeout: 30_000,
        },
      },
      {
        ...sources,
        test: { name: 'simulation', include: ['**/src/**/*.sim.test.ts'], testTimeout: 120_000 },
      },
      {
        ...sources,
        test: {
          name: 'end-to-end',
          include: ['**/src/**/*.e2e.test.ts'],
          // Several browsers at once would measure each other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
