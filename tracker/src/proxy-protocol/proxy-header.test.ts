import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type V2, v2Header } from '../testing/proxy-header.ts';
import { type ProxySource, readProxyHeader } from './proxy-header.ts';

const proxied = (address: string): ProxySource => ({ is: 'proxied', address });
const line = (text: string) => readProxyHeader(Buffer.from(`${text}\r\n`, 'latin1'));

describe('version 1', () => {
  test.each<[string, ProxySource]>([
    ['PROXY TCP4 192.0.2.1 198.51.100.1 4711 443', proxied('192.0.2.1')],
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535', proxied('255.255.255.255')],
    ['PROXY TCP6 2001:db8::1 2001:db8::2 0 443', proxied('2001:db8::1')],
    ['PROXY TCP6 ::FFFF:c000:0201 ::1 4711 443', proxied('192.0.2.1')],
    ['PROXY UNKNOWN', { is: 'unknown' }],
    ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535', { is: 'unknown' }],
  ])('%s', (text, source) => {
    expect(line(text)).toEqual({ is: 'header', lengthBytes: text.length + 2, source });
  });

  test.each([
    'PROXY TCP4 2001:db8::1 198.51.100.1 4711 443',
    'PROXY TCP6 192.0.2.1 198.51.100.1 4711 443',
    'PROXY TCP4 192.0.2.256 198.51.100.1 4711 443',
    'PROXY TCP4 192.0.2.1 198.51.100.1 4711 65536',
    'PROXY TCP4 192.0.2.1 198.51.100.1 04711 443',
    'PROXY TCP4 192.0.2.1 198.51.100.1 4711',
    'PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 more',
    'PROXY TCP4  192.0.2.1 198.51.100.1 4711 443',
    'PROXY UDP4 192.0.2.1 198.51.100.1 4711 443',
    'PROXY ',
    `PROXY UNKNOWN ${'x'.repeat(107)}`,
    'GET / HTTP/1.1',
    'proxy TCP4 192.0.2.1 198.51.100.1 4711 443',
  ])('none: %s', (text) => {
    expect(line(text)).toMatchObject({ is: 'none' });
  });

  test('a line may have 107 bytes with its end, not one more', () => {
    const of = (length: number) => Buffer.from(`PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`, 'latin1');
    expect(readProxyHeader(of(107))).toMatchObject({ is: 'header', lengthBytes: 107 });
    expect(readProxyHeader(of(108))).toMatchObject({ is: 'none' });
  });
});

describe('version 2', () => {
  const tlvs = Buffer.from('0400030000000200116578616d706c652e636f6d2f74657374', 'hex');
  test.each<[string, V2, ProxySource]>([
    ['IPv4', { family: 1, addresses: '192.0.2.1 198.51.100.1' }, proxied('192.0.2.1')],
    ['IPv4 with TLVs', { family: 1, addresses: '192.0.2.1 198.51.100.1', tlvs }, proxied('192.0.2.1')],
    ['IPv6', { family: 2, addresses: '2001:db8::1 2001:db8::2' }, proxied('2001:db8::1')],
    ['a mapped IPv4', { family: 2, addresses: '::ffff:192.0.2.1 ::1' }, proxied('192.0.2.1')],
    ['UNIX', { family: 3, addresses: Buffer.alloc(216, 'a') }, { is: 'unknown' }],
    ['unspecified', { family: 0, transport: 0 }, { is: 'unknown' }],
    ['LOCAL', { command: 0, family: 0, transport: 0 }, { is: 'local' }],
    ['LOCAL with what must be ignored', { command: 0, family: 1, addresses: Buffer.alloc(3), tlvs }, { is: 'local' }],
  ])('%s', (_, header, source) => {
    const bytes = v2Header(header);
    expect(readProxyHeader(bytes)).toEqual({ is: 'header', lengthBytes: bytes.length, source });
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('GET')]))).toMatchObject({ lengthBytes: bytes.length });
  });

  test.each<[string, V2]>([
    ['version 1 in binary', { version: 1, family: 1, addresses: '192.0.2.1 198.51.100.1' }],
    ['version 3', { version: 3, family: 1, addresses: '192.0.2.1 198.51.100.1' }],
    ['command 2', { command: 2, family: 1, addresses: '192.0.2.1 198.51.100.1' }],
    ['family 4', { family: 4, addresses: '192.0.2.1 198.51.100.1' }],
    ['transport 3', { family: 1, transport: 3, addresses: '192.0.2.1 198.51.100.1' }],
    ['too short for IPv4', { family: 1, addresses: Buffer.alloc(11) }],
    ['too short for IPv6', { family: 2, addresses: Buffer.alloc(35) }],
    ['too short for UNIX', { family: 3, addresses: Buffer.alloc(215) }],
    ['too long', { family: 1, addresses: '192.0.2.1 198.51.100.1', tlvs: Buffer.alloc(4069) }],
  ])('none: %s', (_, header) => {
    expect(readProxyHeader(v2Header(header))).toMatchObject({ is: 'none' });
  });

  test('what is too long is known before it has come', () => {
    const header = v2Header({ family: 1, addresses: '192.0.2.1 198.51.100.1', tlvs: Buffer.alloc(60_000) });
    expect(readProxyHeader(header.subarray(0, 16))).toMatchObject({ is: 'none' });
  });
});

const headers = fc.oneof(
  fc.ipV4().map((ip) => Buffer.from(`PROXY TCP4 ${ip} 198.51.100.1 1 2\r\n`, 'latin1')),
  fc.constant(Buffer.from('PROXY UNKNOWN\r\n', 'latin1')),
  fc
    .tuple(fc.ipV4(), fc.uint8Array({ maxLength: 200 }))
    .map(([ip, tlvs]) => v2Header({ family: 1, addresses: `${ip} 198.51.100.1`, tlvs: Buffer.from(tlvs) })),
);

test('a header is the same however it is cut, and takes nothing of what follows', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array(), (header, rest) => {
      const whole = readProxyHeader(header);
      expect(whole).toMatchObject({ is: 'header', lengthBytes: header.length });
      for (let length = 0; length < header.length; length++) {
        expect(readProxyHeader(header.subarray(0, length))).toEqual({ is: 'partial' });
      }
      expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

test('garbage is never an error, and never waited for without end', () => {
  const beginnings = ['', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n', '\r\n\r\n\0\r\nQUIT\n\x21\x11'];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 64 }), (beginning, rest) => {
      const bytes = Buffer.concat([Buffer.from(beginning, 'latin1'), rest]);
      const read = readProxyHeader(bytes);
      if (read.is === 'header') expect(read.lengthBytes).toBeLessThanOrEqual(bytes.length);
      expect(readProxyHeader(Buffer.concat([bytes, Buffer.alloc(4096)])).is).not.toBe('partial');
    }),
  );
});
