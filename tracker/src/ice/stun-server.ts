import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock.ts';
import { AddressBudget } from './address-budget.ts';
import { answerBinding, parseBindingRequest, type ReflexiveAddress } from './stun-message.ts';

export type StunOutcome = 'answered' | 'refused' | 'malformed' | 'limited';

/** Tells viewers their public address, so that no third party has to: a STUN server for Binding requests over UDP. */
export class StunServer {
  readonly #budget: AddressBudget;
  readonly #count: (outcome: StunOutcome) => void;
  readonly #sockets: Socket[] = [];

  constructor(clock: Clock, count: (outcome: StunOutcome) => void) {
    this.#budget = new AddressBudget(clock);
    this.#count = count;
  }

  /**
   * Listens on both families when `host` is a wildcard, and on that of `host` otherwise.
   *
   * @param port 0 picks a free one
   * @returns the port
   * @throws the error of `bind`: `code` is EADDRINUSE, EACCES …
   */
  async listen(port: number, host: string): Promise<number> {
    const isWildcard = host === '0.0.0.0' || host === '::';
    const family = host.includes(':') && !isWildcard ? 'udp6' : 'udp4';
    const bound = await this.#bind(family, port, isWildcard ? '0.0.0.0' : host);
    if (isWildcard) await this.#bind('udp6', bound, '::').catch(ignoreMissingFamily);
    return bound;
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async #bind(type: 'udp4' | 'udp6', port: number, address: string): Promise<number> {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.bind({ port, address });
    try {
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('message', (datagram, from) => this.#receive(socket, datagram, from));
    // An answer that cannot be sent is a lost datagram: the client asks again.
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    return socket.address().port;
  }

  #receive(socket: Socket, datagram: Buffer, from: RemoteInfo): void {
    const request = parseBindingRequest(datagram);
    if (!request) {
      this.#count('malformed');
      return;
    }
    const reflexive = reflexiveOf(from);
    if (!this.#budget.take(reflexive.address)) {
      this.#count('limited');
      return;
    }
    this.#count(request.unknownAttributes.length === 0 ? 'answered' : 'refused');
    socket.send(answerBinding(request, reflexive), from.port, from.address, () => undefined);
  }
}

function reflexiveOf({ address, family, port }: RemoteInfo): ReflexiveAddress {
  // A link-local address comes with its zone, which is nothing to a peer.
  const [plain = ''] = address.split('%');
  return { family, address: Buffer.from(ipaddr.parse(plain).toByteArray()), port };
}

/** Machines without IPv6 are no mistake of the operator's. */
function ignoreMissingFamily(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL' && error.code !== 'EINVAL') throw error;
}
