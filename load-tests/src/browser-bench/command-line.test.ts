import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const root = new URL('../../..', import.meta.url).pathname;

function bench(...args: string[]): { status: number | null; stderr: string } {
  const program = ['-C', '@nearcast/source', 'load-tests/src/browser-bench/main.ts', ...args];
  return spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8' });
}

test('a flag that is wrong ends it with 2 and one line, before anything is started', () => {
  const { status, stderr } = bench('--uplink', 'fast');
  expect(stderr).toMatch(/^error: option '--uplink <mbit>' argument 'fast' is invalid\..*\n$/);
  expect(status).toBe(2);
});

test('a file that cannot be written is found before anything is measured', () => {
  const { status, stderr } = bench('--json', '/no/such/folder/result.json');
  expect(stderr).toMatch(/^bench:swarm: \/no\/such\/folder\/result\.json cannot be written: .*\n$/);
  expect(status).toBe(1);
});
