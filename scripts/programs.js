// The programs that tests use beside npm packages: where they are looked for, and which system package brings them.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @param {string[]} names @returns {string | undefined} */
function onPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

/** @param {string} environment @param {string[]} names @param {string[]} [elsewhere] */
function lookedUp(environment, names, elsewhere = []) {
  /** @returns {string | undefined} the program's path, or nothing */
  return () => process.env[environment] ?? onPath(names) ?? elsewhere.find((file) => existsSync(file));
}

/** @type {Record<string, { environment: string, find: () => string | undefined, packages: Record<string, string> }>} */
export const programs = {
  chromium: {
    environment: 'NEARCAST_CHROMIUM',
    find: lookedUp(
      'NEARCAST_CHROMIUM',
      ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
      [
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
      ],
    ),
    packages: { apt: 'chromium', dnf: 'chromium', apk: 'chromium', brew: 'chromium' },
  },
  nginx: {
    environment: 'NEARCAST_NGINX',
    find: lookedUp('NEARCAST_NGINX', ['nginx'], ['/usr/sbin/nginx']),
    packages: { apt: 'nginx', dnf: 'nginx', apk: 'nginx', brew: 'nginx' },
  },
  haproxy: {
    environment: 'NEARCAST_HAPROXY',
    find: lookedUp('NEARCAST_HAPROXY', ['haproxy'], ['/usr/sbin/haproxy']),
    packages: { apt: 'haproxy', dnf: 'haproxy', apk: 'haproxy', brew: 'haproxy' },
  },
  'redis-server': {
    environment: 'NEARCAST_REDIS_SERVER',
    find: lookedUp('NEARCAST_REDIS_SERVER', ['redis-server', 'valkey-server']),
    packages: { apt: 'redis-server', dnf: 'valkey', apk: 'redis', brew: 'redis' },
  },
  prometheus: {
    environment: 'NEARCAST_PROMETHEUS',
    find: lookedUp('NEARCAST_PROMETHEUS', ['prometheus']),
    packages: { apt: 'prometheus', dnf: 'golang-github-prometheus', apk: 'prometheus', brew: 'prometheus' },
  },
  /** Comes with Prometheus. */
  promtool: {
    environment: 'NEARCAST_PROMTOOL',
    find: lookedUp('NEARCAST_PROMTOOL', ['promtool']),
    packages: { apt: 'prometheus', dnf: 'golang-github-prometheus', apk: 'prometheus', brew: 'prometheus' },
  },
  turnserver: {
    environment: 'NEARCAST_TURNSERVER',
    find: lookedUp('NEARCAST_TURNSERVER', ['turnserver'], ['/usr/sbin/turnserver']),
    packages: { apt: 'coturn', dnf: 'coturn', apk: 'coturn', brew: 'coturn' },
  },
};
