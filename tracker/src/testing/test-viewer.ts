import { once } from 'node:events';
import { parseTrackerMessage, type TrackerMessage, type ViewerMessage } from '@nearcast/protocol';
import { vi } from 'vitest';
import { WebSocket } from 'ws';

type Heard<Type extends TrackerMessage['type']> = Extract<TrackerMessage, { type: Type }>;

/** A viewer's end of the signalling: keeps what it heard. */
export interface TestViewer {
  readonly socket: WebSocket;
  readonly heard: TrackerMessage[];
  say(message: ViewerMessage): void;
  all<Type extends TrackerMessage['type']>(type: Type): Heard<Type>[];
  /** The first of this type, also one that has come before. */
  first<Type extends TrackerMessage['type']>(type: Type): Promise<Heard<Type>>;
}

/** As long as a lease, the wait for it and a busy machine may take. */
export const patience = { timeout: 20_000, interval: 10 } as const;

/** @param address what a proxy in front would say of it */
export async function connectViewer(port: number, address?: string): Promise<TestViewer> {
  const headers = address === undefined ? {} : { 'x-forwarded-for': address };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'nearcast.1', { headers });
  const heard: TrackerMessage[] = [];
  socket.on('message', (data) => {
    const message = parseTrackerMessage(String(data));
    if (message) heard.push(message);
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const all = <Type extends TrackerMessage['type']>(type: Type) =>
    heard.filter((message): message is Heard<Type> => message.type === type);
  return {
    socket,
    heard,
    all,
    say: (message) => socket.send(JSON.stringify(message)),
    first: (type) =>
      vi.waitFor(() => {
        const [message] = all(type);
        if (!message) throw new Error(`no ${type} yet`);
        return message;
      }, patience),
  };
}

export async function joinViewer(
  port: number,
  swarm: string,
  address?: string,
): Promise<TestViewer & { readonly id: string }> {
  const viewer = await connectViewer(port, address);
  viewer.say({ type: 'join', swarm, engine: 'swarm', upload: true });
  const { viewer: id } = await viewer.first('welcome');
  return { ...viewer, id };
}
