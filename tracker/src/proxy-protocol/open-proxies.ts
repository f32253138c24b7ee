import type { Server } from 'node:http';
import { type AddressOf, clientAddresses, trustIn } from '../access/client-address.ts';
import type { TrackerConfig } from '../config.ts';
import { directConnections, expectProxyHeaders, type ProxyRules } from './proxied-connections.ts';

export interface Proxies {
  readonly addressOf: AddressOf;
  stop(): void;
}

/**
 * What is believed of the proxies in front of a server that does not listen yet.
 *
 * @throws {TypeError} when `trustedProxies` has what is no network, or nobody may send the header that is expected
 */
export function openProxies(
  config: Pick<TrackerConfig, 'trustedProxies' | 'addressHeader' | 'proxyProtocol'>,
  server: Server,
  deps: Omit<ProxyRules, 'isTrusted'>,
): Proxies {
  const { trustedProxies, addressHeader, proxyProtocol } = config;
  const isExpected = proxyProtocol === 'on';
  if (isExpected && trustedProxies.length === 0) {
    throw new TypeError('--proxy-protocol needs --trusted-proxies: those who may send it');
  }
  const isTrusted = trustIn(trustedProxies);
  const proxied = isExpected ? expectProxyHeaders(server, { ...deps, isTrusted }) : directConnections;
  return { addressOf: clientAddresses(trustedProxies, addressHeader, proxied), stop: () => proxied.stop() };
}
