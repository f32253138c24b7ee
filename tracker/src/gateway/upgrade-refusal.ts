import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a connection is not let in, before it is one. */
export interface UpgradeRefusal {
  readonly status: 401 | 403 | 404 | 429 | 503;
  readonly reason: 'origin' | 'token' | 'address' | 'dialect' | 'undecided';
  /** One line for whoever looks into it. */
  readonly message: string;
}

/** Answers an upgrade request with plain HTTP (RFC 6455 §4.2.2). */
export function refuseUpgrade(socket: Duplex, { status, message }: UpgradeRefusal): void {
  const body = `${message}\n`;
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
