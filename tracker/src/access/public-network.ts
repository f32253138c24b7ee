import { clientNetwork } from '@nearcast/service-kit';
import proxyAddr from 'proxy-addr';

/** RFC 6598 is the provider's side of a carrier's NAT: seen here, it is the operator's own network. */
const isInternal = proxyAddr.compile(['loopback', 'linklocal', 'uniquelocal', '100.64.0.0/10']);

/**
 * What an address counts as in limits: of an IPv6 address the /64. `undefined` for what is not limited: an address that is
 * not known, and internal ones. Those are proxies that nobody named in `--trusted-proxies`, with all viewers behind them, or
 * the operator's own network.
 */
export function publicNetwork(address: string | undefined): string | undefined {
  return address === undefined || isInternal(address, 0) ? undefined : clientNetwork(address);
}
