import { connect, createServer, type Socket } from 'node:net';
import type { Pod } from './pod.ts';

/** What stands between viewers and pods: connections go to one ready pod, and those that are open stay where they are. */
export interface Service {
  readonly port: number;
  /** From now on this pod may get connections, when it is ready. */
  add(pod: Pod): void;
  /** No new connection goes to this pod; a pod is taken out so before it gets its SIGTERM. */
  remove(pod: Pod): void;
  close(): Promise<void>;
}

/** Like the Ingress, it sends one swarm to one pod: here the pod that was added first. */
export async function startService(): Promise<Service> {
  const pods = new Set<Pod>();
  const sockets = new Set<Socket>();
  const server = createServer((viewer) => {
    viewer.on('error', () => viewer.destroy());
    track(sockets, viewer);
    void firstReady(pods).then((pod) => {
      if (pod === undefined) {
        viewer.destroy();
        return;
      }
      const upstream = connect(pod.port, '127.0.0.1');
      track(sockets, upstream);
      upstream.on('error', () => viewer.destroy()).on('close', () => viewer.destroy());
      viewer.on('close', () => upstream.destroy());
      viewer.pipe(upstream).pipe(viewer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    add: (pod) => void pods.add(pod),
    remove: (pod) => void pods.delete(pod),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function firstReady(pods: ReadonlySet<Pod>): Promise<Pod | undefined> {
  for (const pod of [...pods]) if (await pod.isReady()) return pod;
  return undefined;
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
}
