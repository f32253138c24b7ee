import ipaddr from 'ipaddr.js';

/** What a header of the PROXY protocol, version 2, says; also what none may say. */
export interface V2 {
  readonly version?: number;
  /** 0 LOCAL, 1 PROXY. */
  readonly command?: number;
  /** 0 unspecified, 1 IPv4, 2 IPv6, 3 UNIX. */
  readonly family: number;
  /** 0 unspecified, 1 stream, 2 datagram. */
  readonly transport?: number;
  /** Source and destination, or the bytes of them and their ports. */
  readonly addresses?: string | Buffer;
  readonly tlvs?: Buffer;
}

export function v2Header({ version = 2, command = 1, family, transport = 1, addresses = '', tlvs }: V2): Buffer {
  const rest = Buffer.concat([bytesOf(addresses), tlvs ?? Buffer.alloc(0)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  const fixed = Buffer.from([(version << 4) | command, (family << 4) | transport]);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), fixed, length, rest]);
}

function bytesOf(addresses: string | Buffer): Buffer {
  if (typeof addresses !== 'string') return addresses;
  const ports = [0x12, 0x67, 0x01, 0xbb];
  const both = addresses.split(' ').filter((address) => address !== '');
  return both.length === 0
    ? Buffer.alloc(0)
    : Buffer.from([...both.flatMap((ip) => ipaddr.parse(ip).toByteArray()), ...ports]);
}
