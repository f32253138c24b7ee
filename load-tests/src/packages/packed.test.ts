import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Builds and packs a workspace, and unpacks it as npm would install it: beside what it declares as its dependencies, and
 * nothing else of this repository.
 */
async function installed(workspace: string): Promise<{ folder: string; manifest: Manifest }> {
  const empty = await mkdtemp(join(tmpdir(), 'nearcast-packed-'));
  onTestFinished(() => rm(empty, { recursive: true, force: true }));
  const cwd = join(root, workspace);
  await run(join(root, 'node_modules/.bin/tsdown'), ['--config', '../tsdown.servers.config.ts'], { cwd });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', empty], { cwd });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const folder = join(empty, 'node_modules/@nearcast', workspace);
  await mkdir(folder, { recursive: true });
  await run('tar', ['-xzf', join(empty, filename), '-C', folder, '--strip-components', '1']);
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) {
    const place = join(empty, 'node_modules', name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(root, 'node_modules', name), place);
  }
  return { folder, manifest };
}

async function firstLine(child: ChildProcess): Promise<string> {
  child.stderr?.pipe(process.stderr);
  const [line] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')]);
  return String(line);
}

test.each([
  ['origin-proxy', 'nearcast-edge', ['--origin', '.']],
  ['tracker', 'nearcast-tracker', ['--drain-seconds', '0']],
])(
  'the package %s brings a %s that runs with what it declares',
  async (workspace, name, args) => {
    const { folder, manifest } = await installed(workspace);
    const program = join(folder, manifest.bin[name] ?? 'missing');
    const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];
    const child = spawn(process.execPath, [program, ...ports, ...args], { cwd: folder, env: {} });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [, admin] = /admin (http:\S+)/.exec(await firstLine(child)) ?? [];
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  },
  60_000,
);
