import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressHeader, clientAddresses } from './client-address.ts';
import { forwardedFor } from './forwarded-header.ts';

function addressOf(header: AddressHeader, trusted: string[], remoteAddress: string, value?: string) {
  const headers = value === undefined ? {} : { [header]: value };
  return clientAddresses(trusted, header)({ headers, socket: { remoteAddress } } as unknown as IncomingMessage);
}

const proxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];

describe('X-Forwarded-For', () => {
  test.each([
    ['nobody trusted: the header is not read', [], '10.0.0.1', '192.0.2.1', '10.0.0.1'],
    ['an untrusted peer forges', proxies, '203.0.113.7', '192.0.2.1', '203.0.113.7'],
    ['one proxy', proxies, '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['one proxy over IPv6 sockets', proxies, '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['the viewer forged a name further left', proxies, '10.0.0.1', '198.51.100.9, 192.0.2.1', '192.0.2.1'],
    ['the viewer claims to be a proxy', proxies, '10.0.0.1', '198.51.100.9, 10.9.9.9, 192.0.2.1', '192.0.2.1'],
    ['two proxies', proxies, '10.0.0.1', '192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['all of them proxies: the viewer is inside', proxies, '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['no header', proxies, '10.0.0.1', undefined, '10.0.0.1'],
    ['a mapped address', proxies, '10.0.0.1', '::FFFF:192.0.2.1', '192.0.2.1'],
    ['with a port', proxies, '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['IPv6 with a port', proxies, '10.0.0.1', '[2001:DB8::1]:4711', '2001:db8::1'],
    ['IPv6 proxy', proxies, '2001:db8:ffff::5', '2001:db8::1', '2001:db8::1'],
    ['a zone', proxies, 'fe80::1%eth0', undefined, 'fe80::1'],
    ['the proxy does not know', proxies, '10.0.0.1', 'unknown', undefined],
    ['the proxy wrote nonsense', proxies, '10.0.0.1', '192.0.2.1, 999.1.1.1', undefined],
    ['named networks', ['loopback'], '127.0.0.1', '192.0.2.1', '192.0.2.1'],
  ])('%s', (_, trusted, peer, value, expected) => {
    expect(addressOf('x-forwarded-for', trusted, peer, value)).toBe(expected);
  });
});

describe('Forwarded (RFC 7239)', () => {
  test.each([
    ['for=192.0.2.43', '192.0.2.43'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['for=198.51.100.9, for=192.0.2.43', '192.0.2.43'],
    ['for="198.51.100.9, for=1.2.3.4", for=192.0.2.43, for=10.1.1.1', '192.0.2.43'],
    ['for=_hidden', undefined],
    ['for=unknown', undefined],
    ['by=10.0.0.1', undefined],
    ['for="unended, for=192.0.2.43', '192.0.2.43'],
    ['for="unended', undefined],
    ['', undefined],
  ])('%s', (value, expected) => {
    expect(addressOf('forwarded', proxies, '10.0.0.1', value)).toBe(expected);
  });

  test('the header that is not configured is not read', () => {
    const request = {
      headers: { forwarded: 'for=198.51.100.9', 'x-forwarded-for': '192.0.2.1' },
      socket: { remoteAddress: '10.0.0.1' },
    } as unknown as IncomingMessage;
    expect(clientAddresses(proxies, 'x-forwarded-for')(request)).toBe('192.0.2.1');
    expect(clientAddresses(proxies, 'forwarded')(request)).toBe('198.51.100.9');
  });

  test('whatever the viewer writes, what the proxy appends decides', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        expect(addressOf('forwarded', proxies, '10.0.0.1', `${forged}, for=192.0.2.43`)).toBe('192.0.2.43');
        expect(addressOf('x-forwarded-for', proxies, '10.0.0.1', `${forged}, 192.0.2.43`)).toBe('192.0.2.43');
      }),
    );
  });

  test('no input throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void forwardedFor(text)));
  });
});

test('a network that is none stops the start', () => {
  expect(() => clientAddresses(['10.0.0.0/99'], 'forwarded')).toThrow(TypeError);
});
