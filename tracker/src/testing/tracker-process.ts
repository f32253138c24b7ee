import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface TrackerProcess {
  readonly port: number;
  readonly adminPort: number;
  /** Ends with the signal; resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A tracker as an operator starts it. */
export async function startTrackerProcess(...flags: readonly string[]): Promise<TrackerProcess> {
  const args = ['-C', '@nearcast/source', main, '--port', '0', '--admin-port', '0', '--host', '127.0.0.1', ...flags];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    const ports = /:(\d+) .*:(\d+)\n/.exec(said);
    if (!ports) continue;
    return {
      port: Number(ports[1]),
      adminPort: Number(ports[2]),
      async end(signal) {
        child.kill(signal);
        await ended;
      },
    };
  }
  throw new Error(`the tracker ended: ${said}`);
}
