import ipaddr from 'ipaddr.js';

/** A small file in MaxMind's format (MaxMind DB 2.0), IPv6 with IPv4 at ::/96 as the published ones have it. */
export function writeMmdb(entries: Readonly<Record<string, MmdbValue>>): Buffer {
  const nodes: [Slot, Slot][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  for (const [network, value] of Object.entries(entries)) {
    const offset = data.reduce((sum, { length }) => sum + length, 0);
    data.push(encode(value));
    place(nodes, bitsOf(network), { offset });
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, slots] of nodes.entries()) {
    for (const [side, slot] of slots.entries()) tree.writeUIntBE(recordOf(slot, nodes.length), index * 6 + side * 3, 3);
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 6,
    database_type: 'Test',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: 'test' },
  });
  const marker = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue };

/** Another node, data, or nothing. */
type Slot = number | { readonly offset: number } | undefined;

function recordOf(slot: Slot, nodeCount: number): number {
  if (slot === undefined) return nodeCount;
  return typeof slot === 'number' ? slot : nodeCount + 16 + slot.offset;
}

function place(nodes: [Slot, Slot][], bits: readonly number[], leaf: Slot): void {
  let node = 0;
  for (const [depth, bit] of bits.entries()) {
    const slots = nodes[node] as [Slot, Slot];
    if (depth === bits.length - 1) {
      slots[bit] = leaf;
      return;
    }
    const next = slots[bit];
    if (typeof next === 'number') node = next;
    else {
      nodes.push([next, next]);
      slots[bit] = nodes.length - 1;
      node = nodes.length - 1;
    }
  }
}

function bitsOf(network: string): number[] {
  const [address, length] = ipaddr.parseCIDR(network);
  const bytes = address.toByteArray();
  const all = [...new Array(16 - bytes.length).fill(0), ...bytes].flatMap((byte: number) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1),
  );
  return all.slice(0, length + (16 - bytes.length) * 8);
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const fields = Object.entries(value as Record<string, MmdbValue>);
  return Buffer.concat([
    control(7, fields.length),
    ...fields.flatMap(([name, field]) => [encode(name), encode(field)]),
  ]);
}

function control(type: number, size: number): Buffer {
  if (size > 284) throw new RangeError('only short values');
  const [inline, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type < 8 ? [(type << 5) | inline, ...more] : [inline, type - 7, ...more]);
}
