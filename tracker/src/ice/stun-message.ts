import { crc32 } from 'node:zlib';

/**
 * STUN Binding (RFC 8489) as far as a server without authentication needs it: what a request says, and what is answered.
 * Bytes in, bytes out; no sockets.
 */

/** A Binding request that deserves an answer. */
export interface BindingRequest {
  /** 12 bytes, to be echoed. */
  readonly transactionId: Buffer;
  /** Attributes that must be understood and are not (§6.3.1): the request is then refused. */
  readonly unknownAttributes: readonly number[];
  /** The answer gets one, too, when the request had it (§14.7). */
  readonly hasFingerprint: boolean;
}

export interface ReflexiveAddress {
  readonly family: 'IPv4' | 'IPv6';
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly port: number;
}

const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
/** What lacks it is RFC 3489, whose answers would tell NATs that rewrite addresses what to rewrite (§3). */
const MAGIC_COOKIE = 0x2112a442;

const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
const XOR_MAPPED_ADDRESS = 0x0020;
const MESSAGE_INTEGRITY = 0x0008;
const MESSAGE_INTEGRITY_SHA256 = 0x001c;
const FINGERPRINT = 0x8028;
/** §14.7 */
const FINGERPRINT_XOR = 0x5354554e;
/** From here on an attribute may be skipped (§14). */
const FIRST_OPTIONAL = 0x8000;

/**
 * Those of §18.3 that a request may have. Without credentials there is nothing to check them against, and a server that
 * asks for none ignores them (§9.1.3 speaks of servers that do).
 */
const understood: ReadonlySet<number> = new Set([
  0x0006, // USERNAME
  MESSAGE_INTEGRITY,
  0x0014, // REALM
  0x0015, // NONCE
  MESSAGE_INTEGRITY_SHA256,
  0x001d, // PASSWORD-ALGORITHM
  0x001e, // USERHASH
]);

/** @returns nothing for whatever is not a well-formed Binding request: it is to be ignored (§6.3) */
export function parseBindingRequest(datagram: Buffer): BindingRequest | undefined {
  if (datagram.length < HEADER_BYTES || datagram.length % 4 !== 0) return undefined;
  if (datagram.readUInt16BE(0) !== BINDING_REQUEST) return undefined;
  if (datagram.readUInt16BE(2) !== datagram.length - HEADER_BYTES) return undefined;
  if (datagram.readUInt32BE(4) !== MAGIC_COOKIE) return undefined;
  const attributes = readAttributes(datagram);
  if (!attributes) return undefined;
  return {
    transactionId: datagram.subarray(8, HEADER_BYTES),
    unknownAttributes: unknownOf(attributes.map(({ type }) => type)),
    hasFingerprint: attributes.at(-1)?.type === FINGERPRINT,
  };
}

interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

function readAttributes(datagram: Buffer): Attribute[] | undefined {
  const attributes: Attribute[] = [];
  for (let at = HEADER_BYTES; at < datagram.length; ) {
    const type = datagram.readUInt16BE(at);
    const length = datagram.readUInt16BE(at + 2);
    const end = at + 4 + length;
    if (end > datagram.length) return undefined;
    const value = datagram.subarray(at + 4, end);
    // It is the last one, and covers all before it: another protocol's datagram would not match (§14.7).
    if (type === FINGERPRINT && (end !== datagram.length || !matches(value, datagram.subarray(0, at))))
      return undefined;
    attributes.push({ type, value });
    at = end + padding(length);
  }
  return attributes;
}

/** What follows an integrity attribute is not covered by it and ignored, but for the stronger one and FINGERPRINT (§14.5). */
function unknownOf(types: readonly number[]): number[] {
  const covered = types.findIndex((type) => type === MESSAGE_INTEGRITY || type === MESSAGE_INTEGRITY_SHA256);
  const counted = covered < 0 ? types : types.slice(0, covered);
  return [...new Set(counted.filter((type) => type < FIRST_OPTIONAL && !understood.has(type)))];
}

function matches(fingerprint: Buffer, before: Buffer): boolean {
  return fingerprint.length === 4 && fingerprint.readUInt32BE(0) === fingerprintOf(before);
}

function fingerprintOf(message: Buffer): number {
  return (crc32(message) ^ FINGERPRINT_XOR) >>> 0;
}

/** The answer: where the request came from, or which of its attributes are not understood (420). */
export function answerBinding(request: BindingRequest, from: ReflexiveAddress): Buffer {
  const { unknownAttributes, transactionId, hasFingerprint } = request;
  return unknownAttributes.length === 0
    ? message(BINDING_SUCCESS, transactionId, [xorMappedAddress(from, transactionId)], hasFingerprint)
    : message(BINDING_ERROR, transactionId, refusal(unknownAttributes), hasFingerprint);
}

function message(type: number, transactionId: Buffer, attributes: readonly Buffer[], hasFingerprint: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const bytes = attributes.reduce((sum, { length }) => sum + length, 0) + (hasFingerprint ? 8 : 0);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(bytes, 2);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  transactionId.copy(header, 8);
  const whole = Buffer.concat([header, ...attributes]);
  if (!hasFingerprint) return whole;
  const value = Buffer.alloc(4);
  value.writeUInt32BE(fingerprintOf(whole), 0);
  return Buffer.concat([whole, attribute(FINGERPRINT, value)]);
}

/** §14.2: so that no middle-box finds the address and rewrites it. */
function xorMappedAddress({ family, address, port }: ReflexiveAddress, transactionId: Buffer): Buffer {
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(MAGIC_COOKIE, 0);
  transactionId.copy(mask, 4);
  const value = Buffer.alloc(4 + address.length);
  value.writeUInt8(family === 'IPv4' ? 1 : 2, 1);
  value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2);
  address.forEach((byte, index) => {
    value[4 + index] = byte ^ (mask[index] ?? 0);
  });
  return attribute(XOR_MAPPED_ADDRESS, value);
}

/** §14.8 and §14.13. No attribute takes less room in the request than its number takes here. */
function refusal(unknownAttributes: readonly number[]): Buffer[] {
  const list = Buffer.alloc(2 * unknownAttributes.length);
  unknownAttributes.forEach((type, index) => {
    list.writeUInt16BE(type, 2 * index);
  });
  const code = Buffer.concat([Buffer.from([0, 0, 4, 20]), Buffer.from('Unknown Attribute')]);
  return [attribute(ERROR_CODE, code), attribute(UNKNOWN_ATTRIBUTES, list)];
}

function attribute(type: number, value: Buffer): Buffer {
  const whole = Buffer.alloc(4 + value.length + padding(value.length));
  whole.writeUInt16BE(type, 0);
  whole.writeUInt16BE(value.length, 2);
  value.copy(whole, 4);
  return whole;
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
