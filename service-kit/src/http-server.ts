import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @throws the error of `listen`: `code` is EADDRINUSE, EACCES, EADDRNOTAVAIL … */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The port of a listening server; useful when it was asked for port 0. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Lets running responses end for `graceMs`, then ends them. Also fine for a server that never listened. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection that is kept alive becomes idle only some time after its last response.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(force);
      clearInterval(closeIdle);
      resolve();
    });
  });
}
