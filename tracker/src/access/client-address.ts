import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';
import { directConnections, type ProxiedConnections } from '../proxy-protocol/proxied-connections.ts';
import { forwardedFor } from './forwarded-header.ts';

export const addressHeaders = ['x-forwarded-for', 'forwarded'] as const;
/** Which header the trusted proxies write. Never both: a proxy that writes one passes on the other as the viewer forged it. */
export type AddressHeader = (typeof addressHeaders)[number];

export type AddressOf = (request: IncomingMessage) => string | undefined;

/** @throws {TypeError} when one of them is no address, network (CIDR) or name of `proxy-addr` (loopback, linklocal, uniquelocal) */
export function trustIn(proxies: readonly string[]): (address: string | undefined) => boolean {
  const isTrusted = proxyAddr.compile([...proxies]);
  return (given) => {
    const address = plainAddress(given);
    return address !== undefined && isTrusted(address, 0);
  };
}

/**
 * Finds the address a viewer comes from: the nearest that is no trusted proxy's. What stands further left in the header
 * anyone can write, and what a peer that is not trusted says is not read at all. What a peer said with the PROXY protocol
 * stands right of the header, for it was said of the connection that brought it.
 *
 * The result is in the form that `net` writes, without `::ffff:` and port; `undefined` when a trusted proxy does not know.
 *
 * @param trustedProxies addresses, networks (CIDR), or the names of `proxy-addr`: loopback, linklocal, uniquelocal
 * @throws {TypeError} when one of them is none of these
 */
export function clientAddresses(
  trustedProxies: readonly string[],
  header: AddressHeader,
  proxied: Pick<ProxiedConnections, 'sourceOf'> = directConnections,
): AddressOf {
  const isTrusted = trustIn(trustedProxies);
  return (request) => {
    const source = proxied.sourceOf(request.socket);
    // Whoever sits behind a proxy that cannot name him may have written the header himself.
    if (source?.is === 'unknown') return undefined;
    let address = plainAddress(source?.is === 'proxied' ? source.address : request.socket.remoteAddress);
    const hops = hopsOf(request, header);
    while (isTrusted(address)) {
      const before = hops.pop();
      if (before === undefined) break;
      address = plainAddress(before);
    }
    return address;
  };
}

/** Left to right: the last was written by the peer itself. */
function hopsOf({ headers }: IncomingMessage, header: AddressHeader): string[] {
  if (header === 'forwarded') return forwardedFor(headers.forwarded);
  const given = headers['x-forwarded-for'];
  return given === undefined ? [] : String(given).split(',');
}

/** Some proxies write the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function plainAddress(text = ''): string | undefined {
  const given = text.trim();
  const withoutPort = /^\[([^\]]+)\](?::\d+)?$/.exec(given)?.[1] ?? /^([\d.]+):\d+$/.exec(given)?.[1] ?? given;
  const mapped = /^::ffff:([\d.]+)$/i.exec(withoutPort)?.[1] ?? withoutPort;
  // A zone (RFC 4007 §11) names an interface of this machine, not a place.
  const [address = ''] = mapped.split('%', 1);
  return isIP(address) === 0 ? undefined : address.toLowerCase();
}
