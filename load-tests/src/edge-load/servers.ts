import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { programs } from '../../../scripts/programs.js';
import { withChildren } from './process-usage.ts';

/** A cache in front of the origin, as a process that can be measured. */
export interface CacheServer {
  readonly name: string;
  readonly port: number;
  /** Of our edge: where its metrics are. */
  readonly adminPort?: number;
  pids(): readonly number[];
  close(): Promise<void>;
}

/** As it is published: `prebench:edge` builds it. */
const EDGE = fileURLToPath(new URL('../../../origin-proxy/dist/main.js', import.meta.url));

export async function startOurs(origin: string, args: readonly string[]): Promise<CacheServer> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const ports = ['--host', '127.0.0.1', '--port', String(port), '--admin-port', String(adminPort)];
  const child = spawn(process.execPath, [EDGE, '--origin', origin, ...ports, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { ...(await running('nearcast-edge', child, port, () => undefined)), adminPort };
}

/** Debian's nginx with what an operator would configure for HLS: `proxy_cache` on disk, one fetch per object. */
export async function startNginx(
  origin: string,
  settings: { readonly workers: number; readonly sendfile: boolean },
): Promise<CacheServer> {
  const program = programs.nginx?.find();
  if (program === undefined) throw new Error('nginx is missing: node scripts/install.mjs nginx');
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'nearcast-nginx-'))];
  mkdirSync(join(folder, 'cache'));
  writeFileSync(join(folder, 'nginx.conf'), nginxConfig(origin, port, folder, settings));
  const child = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const name = settings.sendfile ? 'nginx' : 'nginx, sendfile off';
  return await running(name, child, port, () => rmSync(folder, { recursive: true, force: true }));
}

function nginxConfig(
  origin: string,
  port: number,
  folder: string,
  { workers, sendfile }: { readonly workers: number; readonly sendfile: boolean },
): string {
  return `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
worker_processes ${workers};
events { worker_connections 4096; }
http {
  access_log off;
  sendfile ${sendfile ? 'on' : 'off'};
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=media:16m max_size=10g inactive=1d use_temp_path=off;
  upstream origin { server ${new URL(origin).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache media;
      proxy_cache_key $uri;
      proxy_cache_valid 200 1d;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
      proxy_cache_use_stale updating error timeout;
      add_header X-Cache $upstream_cache_status;
      add_header Access-Control-Allow-Origin *;
    }
  }
}
`;
}

async function running(name: string, child: ChildProcess, port: number, tidy: () => void): Promise<CacheServer> {
  const ended = once(child, 'exit');
  const pid = child.pid ?? 0;
  await Promise.race([
    listening(port),
    ended.then(() => {
      throw new Error(`${name} did not start`);
    }),
  ]);
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    tidy();
  };
  return { name, port, pids: () => withChildren(pid), close };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isThere) return;
    await setTimeout(50);
  }
}
