import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FrameReader, FrameWriter } from './socket-frames.ts';

/** From each to one port are at most as many connections as the system has ephemeral ports, those closed a minute ago included. */
const ADDRESSES = 16;
/** More than any message of a viewer. */
const MAX_PAYLOAD_BYTES = 64 * 1024;
const END_OF_HEAD = '\r\n\r\n';

const newWriter = () => new FrameWriter(MAX_PAYLOAD_BYTES, randomBytes(4).readInt32LE() | 1);

let writer = newWriter();
let opened = 0;

export interface SocketEvents {
  opened(): void;
  text(text: string): void;
}

/**
 * A WebSocket client that costs less than a library's: a load generator that is busier than the server measures itself. Each
 * message goes out by itself and masked, as a browser's do. It trusts the server.
 */
export class PlainSocket {
  readonly #socket: Socket;
  readonly #events: SocketEvents;
  #head = '';
  #state: 'opening' | 'open' | 'closing' = 'opening';

  constructor(url: string, protocols: readonly string[], events: SocketEvents) {
    this.#events = events;
    const { host, hostname, port } = new URL(url);
    opened += 1;
    const localAddress = `127.0.0.${2 + (opened % ADDRESSES)}`;
    this.#socket = connect({ host: hostname, port: Number(port), localAddress, noDelay: true });
    this.#socket.write(upgradeRequest(host, protocols), 'latin1');
    // Only when a short stay ends before the connection is there.
    this.#socket.on('error', () => undefined);
    const read = (chunk: Buffer) => {
      const rest = this.#upgraded(chunk);
      if (!rest) return;
      const frames = this.#reader();
      this.#socket.off('data', read).on('data', (bytes: Buffer) => frames.push(bytes));
      this.#state = 'open';
      this.#events.opened();
      frames.push(rest);
    };
    this.#socket.on('data', read);
  }

  /** Nothing goes out before the connection is open, nor after its close. */
  send(text: string): boolean {
    if (this.#state === 'open') this.#write('text', text);
    return this.#state === 'open';
  }

  /** Says goodbye; the server then ends the connection (RFC 6455 §7.1.1). */
  close(): void {
    if (this.#state === 'opening') this.#socket.destroy();
    if (this.#state === 'open') this.#write('close', '');
    this.#state = 'closing';
  }

  /** @returns what follows the server's answer, when that is there */
  #upgraded(chunk: Buffer): Buffer | undefined {
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    if (!this.#head.startsWith('HTTP/1.1 101 ')) this.#socket.destroy();
    const rest = Buffer.from(this.#head.slice(end + END_OF_HEAD.length), 'latin1');
    this.#head = '';
    return rest;
  }

  #reader(): FrameReader {
    return new FrameReader({
      text: (text) => this.#events.text(text),
      ping: () => this.#write('pong', ''),
      end: () => this.#socket.end(),
    });
  }

  #write(is: 'text' | 'pong' | 'close', text: string): void {
    this.#socket.write(writer.write(is, text));
    // Nearly always the kernel has taken it all by now, and the memory can serve again.
    if (this.#socket.writableLength > 0) writer = newWriter();
  }
}

function upgradeRequest(host: string, protocols: readonly string[]): string {
  const lines = [
    'GET / HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Origin: https://www.example.com',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ];
  if (protocols.length > 0) lines.push(`Sec-WebSocket-Protocol: ${protocols.join(', ')}`);
  return lines.join('\r\n') + END_OF_HEAD;
}
