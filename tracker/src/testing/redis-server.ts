import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { programs } from '../../../scripts/programs.js';
import { freePort, isListening } from './free-port.ts';

/** A real Redis on loopback, that keeps nothing on disk. */
export interface RedisServer {
  readonly url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** It keeps its connections and says nothing more, until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Again, on the same port, with nothing in it. */
  start(): Promise<void>;
}

/** @throws {Error} when there is none; `npm test` installs one where it can */
export async function startRedis(): Promise<RedisServer> {
  const program = programs['redis-server']?.find();
  if (program === undefined) throw new Error('no Redis found: node scripts/install.mjs redis-server');
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async start() {
      const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      child = spawn(program, flags, { stdio: 'ignore', cwd: '/tmp' });
      const hasEnded = once(child, 'exit').then(() => {
        throw new Error('redis-server ended before it listened');
      });
      await Promise.race([isListening(port), hasEnded]);
      hasEnded.catch(() => undefined);
    },
  };
  await server.start();
  return server;
}
