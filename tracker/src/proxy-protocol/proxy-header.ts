import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whom the proxy speaks for. */
export type ProxySource =
  | { readonly is: 'proxied'; readonly address: string }
  /** The proxy itself, as when it looks whether this server is well. */
  | { readonly is: 'local' }
  /** Somebody else, whose address the proxy cannot say: a UNIX socket, a protocol it does not know. */
  | { readonly is: 'unknown' };

export type ProxyHeader =
  | { readonly is: 'header'; readonly lengthBytes: number; readonly source: ProxySource }
  /** What came so far may become a header. */
  | { readonly is: 'partial' }
  | { readonly is: 'none'; readonly because: string };

/** The specification is https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt; §2.1 counts these 107 with the CRLF. */
const MAX_V1_BYTES = 107;

/** 232 are the addresses of two UNIX sockets; the rest is for TLVs, which may hold a name or a certificate's subject. */
const MAX_V2_BYTES = 4096;

const V1_PREFIX = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED_BYTES = 16;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, at the beginning of a connection.
 *
 * @param bytes all that came so far
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (isBeginning(bytes, V1_PREFIX)) return readV1(bytes);
  if (isBeginning(bytes, V2_SIGNATURE)) return readV2(bytes);
  return none('no header of the PROXY protocol');
}

/** Whether the one is the beginning of the other, whichever is shorter. */
function isBeginning(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.subarray(0, length).equals(expected.subarray(0, length));
}

/** §2.1: `PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n` */
function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf('\r\n', 0, 'latin1');
  if (end === -1) return bytes.length < MAX_V1_BYTES ? { is: 'partial' } : none('a line that does not end');
  const source = sourceOfLine(bytes.toString('latin1', V1_PREFIX.length, end));
  return source ? { is: 'header', lengthBytes: end + 2, source } : none('a line that cannot be read');
}

function sourceOfLine(line: string): ProxySource | undefined {
  const [protocol, from = '', to = '', ...ports] = line.split(' ');
  // Whatever follows is to be ignored.
  if (protocol === 'UNKNOWN') return { is: 'unknown' };
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return undefined;
  const isAddress = protocol === 'TCP4' ? isIPv4 : isIPv6;
  const isWhole = isAddress(from) && isAddress(to) && ports.length === 2 && ports.every(isPort);
  return isWhole ? proxied(ipaddr.process(from)) : undefined;
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** §2.2: the two halves of byte 13. */
const V2_VERSION = 2;
const commands = ['local', 'proxy'] as const;

/** The two halves of byte 14: by number, what an address takes (source and destination, with ports), and the transports. */
const families = [
  { name: 'unspecified', bytes: 0 },
  { name: 'inet', bytes: 12 },
  { name: 'inet6', bytes: 36 },
  { name: 'unix', bytes: 216 },
] as const;
const MAX_TRANSPORT = 2;

function readV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_FIXED_BYTES) return { is: 'partial' };
  const [versionAndCommand, familyAndTransport] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const command = commands[versionAndCommand & 0xf];
  if (versionAndCommand >> 4 !== V2_VERSION || !command) return none('a version or command that is none');
  const family = families[familyAndTransport >> 4];
  if (!family || (familyAndTransport & 0xf) > MAX_TRANSPORT) return none('an address family that is none');
  const addressBytes = bytes.readUInt16BE(14);
  const lengthBytes = V2_FIXED_BYTES + addressBytes;
  if (lengthBytes > MAX_V2_BYTES) return none('a header that is too long');
  if (command === 'proxy' && addressBytes < family.bytes) return none('a header too short for its addresses');
  if (bytes.length < lengthBytes) return { is: 'partial' };
  // What follows the addresses are TLVs, none of which says who it is.
  return { is: 'header', lengthBytes, source: command === 'local' ? { is: 'local' } : sourceOf(family.name, bytes) };
}

function sourceOf(family: (typeof families)[number]['name'], bytes: Buffer): ProxySource {
  switch (family) {
    case 'inet':
      return addressAt(bytes, 4);
    case 'inet6':
      return addressAt(bytes, 16);
    case 'unix':
    case 'unspecified':
      return { is: 'unknown' };
  }
}

function addressAt(bytes: Buffer, length: 4 | 16): ProxySource {
  const address = bytes.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + length);
  return proxied(ipaddr.process(ipaddr.fromByteArray([...address]).toString()));
}

function proxied(address: ipaddr.IPv4 | ipaddr.IPv6): ProxySource {
  return { is: 'proxied', address: address.toString() };
}

function none(because: string): ProxyHeader {
  return { is: 'none', because };
}
