import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, writeImageTree } from './image-tree.ts';

const root = new URL('../../..', import.meta.url);
const read = (file: string) => readFile(new URL(file, root), 'utf8');

let folder: string;
let running: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-image-'));
});

afterAll(async () => {
  running?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** As the container would: nothing but the tree, no folder to write into, nothing in the environment. */
async function run(tree: string, args: readonly string[]): Promise<string> {
  await chmod(tree, 0o555);
  const child = spawn(process.execPath, [join(tree, 'main.js'), ...args], { cwd: tree, env: {} });
  running = child;
  child.stderr.pipe(process.stderr);
  const [line] = await once(child.stdout, 'data');
  return String(line);
}

const arguments_: Record<Service, string[]> = { tracker: ['--drain-seconds', '0'], edge: ['--origin', '.'] };

test.each<Service>(['tracker', 'edge'])(
  '%s starts from the files of its image, is ready, and ends on SIGTERM',
  async (service) => {
    const tree = join(folder, service);
    const { files } = await writeImageTree(service, tree);
    expect(await readdir(tree)).toEqual(expect.arrayContaining([...files]));
    const besides = service === 'tracker' ? ['console', 'countries.mmdb'] : [];
    expect(files).toEqual(['LICENSE', 'THIRD-PARTY-LICENSES', ...besides, 'main.js', 'package.json']);
    expect(await readFile(join(tree, 'THIRD-PARTY-LICENSES'), 'utf8')).toMatch(/^express \d/m);

    const ports = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1'];
    const summary = await run(tree, [...ports, ...arguments_[service]]);
    const [, admin] = /admin (http:\S+)/.exec(summary) ?? [];
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(`${admin}${path}`)).status).toBe(200);
    if (service === 'tracker') expect(await (await fetch(`${admin}/console/`)).text()).toContain('<title>');
    const child = running as ChildProcess;
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  },
  30_000,
);

test('the same sources give the same bytes', async () => {
  const trees = [join(folder, 'one'), join(folder, 'two')];
  for (const tree of trees) await writeImageTree('tracker', tree);
  const [one, two] = await Promise.all(trees.map((tree) => readFile(join(tree, 'main.js'), 'utf8')));
  expect(one).toBe(two);
  expect(one).not.toContain(new URL('.', root).pathname);
});

test('the image has the Node of the lock file, no root, no shell form, and every workspace for npm ci', async () => {
  const [dockerfile, manifest] = [await read('k8s/images/Dockerfile'), JSON.parse(await read('package.json'))];
  expect(dockerfile).toContain(`ARG NODE=node:${manifest.devDependencies.node}-slim`);
  expect(dockerfile).toContain(`image.version="${manifest.version}"`);
  for (const workspace of manifest.workspaces)
    expect(dockerfile).toContain(`COPY ${workspace}/package.json ${workspace}/`);
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  expect(dockerfile).not.toMatch(/HEALTHCHECK|:latest/);
  expect(dockerfile.match(/^ENTRYPOINT \["node", "\/app\/main\.js"\]$/gm)).toHaveLength(2);
});
