// Makes a fresh clone runnable: npm packages, and the programs named as arguments ("chromium", …).
// Plain JavaScript without dependencies, because it runs before `npm ci` and on the host's Node 20.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { programs } from './programs.js';

const root = new URL('..', import.meta.url);
const lock = createHash('sha256')
  .update(readFileSync(new URL('package-lock.json', root)))
  .digest('hex');
const stamp = new URL('node_modules/.nearcast-installed', root);

function fail(message) {
  console.error(`nearcast: ${message}`);
  process.exit(1);
}

/** Options of the outer npm (such as `--workspace`) must not leak into the inner one. */
function environmentWithoutNpmOptions() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(workspace|prefix|local_prefix)|lifecycle|package)/i.test(name),
  );
  return Object.fromEntries(kept);
}

function npm(...args) {
  const options = {
    cwd: root,
    stdio: 'inherit',
    env: environmentWithoutNpmOptions(),
    shell: process.platform === 'win32',
  };
  const { status } = spawnSync('npm', [...args, '--loglevel=error', '--no-fund', '--no-audit'], options);
  if (status !== 0) fail(`npm ${args.join(' ')} failed; see the lines above`);
}

function installPackages() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('nearcast: installing npm packages …');
  // npm 10 knows no `allowScripts`: run none, then the one that is needed, so that every npm installs the same tree.
  npm('ci', '--ignore-scripts');
  npm('rebuild', 'node');
  writeFileSync(stamp, lock);
}

function asRoot(command) {
  return process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
}

const packageManagers = [
  {
    name: 'apt',
    command: 'apt-get',
    install: (names) => [
      ['apt-get', 'update', '-q'],
      ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names],
    ],
  },
  { name: 'dnf', command: 'dnf', install: (names) => [['dnf', 'install', '-y', ...names]] },
  { name: 'apk', command: 'apk', install: (names) => [['apk', 'add', ...names]] },
  { name: 'brew', command: 'brew', install: (names) => [['brew', 'install', ...names]], unprivileged: true },
];

function commandExists(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function installPrograms(names) {
  const missing = names.filter((name) => !programs[name].find());
  if (missing.length === 0) return;
  const wanted = missing.join(', ');
  const manager = packageManagers.find(({ command }) => commandExists(command));
  const instead = missing.map((name) => `${programs[name].environment}=/path/to/it`).join(' ');
  if (!manager) fail(`${wanted} not found and no known package manager; install it, or set ${instead}`);
  const packages = [...new Set(missing.map((name) => programs[name].packages[manager.name]))];
  if (packages.includes(undefined))
    fail(`${wanted} not found and not packaged by ${manager.name}; install it, or set ${instead}`);
  console.log(`nearcast: installing ${wanted} with ${manager.name} …`);
  for (const command of manager.install(packages)) {
    const [file, ...args] = manager.unprivileged ? command : asRoot(command);
    try {
      execFileSync(file, args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch {
      fail(`"${[file, ...args].join(' ')}" failed; install ${wanted} by hand, or set ${instead}`);
    }
  }
  const stillMissing = missing.filter((name) => !programs[name].find());
  if (stillMissing.length > 0) fail(`${stillMissing.join(', ')} is still not found; set ${instead}`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in programs));
if (unknown.length > 0) fail(`no such program: ${unknown.join(', ')} (known: ${Object.keys(programs).join(', ')})`);
installPackages();
installPrograms(wanted);
