import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Connections from one address to one port are at most as many as the system has ephemeral ports (28,232 on Linux). */
const CONNECTIONS_PER_ADDRESS = 5000;

/** The generator checks nothing: its processor time is not the server's, but it must not be what is measured. */
const clientOptions = { perMessageDeflate: false, skipUTF8Validation: true } as const;

function openSocket(url: string, protocols: readonly string[], number: number): WebSocket {
  const localAddress = `127.0.0.${2 + Math.floor(number / CONNECTIONS_PER_ADDRESS)}`;
  const socket = new WebSocket(url, [...protocols], { ...clientOptions, localAddress });
  socket.binaryType = 'nodebuffer';
  return socket;
}

/** Opens sockets, so many at once. @throws when one is refused */
export async function openSockets(
  url: string,
  protocols: readonly string[],
  count: number,
  prepare: (socket: WebSocket, number: number) => void,
): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  let next = 0;
  const opener = async () => {
    while (next < count) {
      const number = next++;
      const socket = openSocket(url, protocols, number);
      prepare(socket, number);
      sockets[number] = socket;
      await once(socket, 'open');
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, 50) }, opener));
  return sockets;
}
