import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerBinding, parseBindingRequest } from './stun-message.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
const transaction = 'b7e7a701bc34d686fa87dfae';

/** RFC 5769 §2.1: "VOkJxbRl1RmTxUk/WvJxBt" is its password. */
const sampleRequest = bytes(`
  00010058 2112a442 ${transaction}
  80220010 5354554e 20746573 7420636c 69656e74
  00240004 6e0001ff
  80290008 932ff9b1 51263b36
  00060009 6576746a 3a683676 59202020
  00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
  80280004 e57a3bcf`);
/** RFC 5769 §2.2 and §2.3, the attributes that hold the address. */
const mappedIpv4 = bytes('00200008 0001a147 e112a643');
const mappedIpv6 = bytes('00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9');

const header = (attributes: Buffer, type = 1, cookie = 0x2112a442) => {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(attributes.length, 2);
  head.writeUInt32BE(cookie, 4);
  bytes(transaction).copy(head, 8);
  return Buffer.concat([head, attributes]);
};
const plain = header(Buffer.alloc(0));
const parsed = (datagram: Buffer) => parseBindingRequest(datagram) ?? expect.fail('not understood');
const attribute = (type: number, value = Buffer.alloc(0)) => {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(type, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
};

describe('RFC 5769', () => {
  test('the sample request is as published: its integrity holds', () => {
    const covered = Buffer.from(sampleRequest.subarray(0, -32));
    covered.writeUInt16BE(sampleRequest.length - 20 - 8, 2);
    const integrity = createHmac('sha1', 'VOkJxbRl1RmTxUk/WvJxBt').update(covered).digest();
    expect(integrity).toEqual(sampleRequest.subarray(-28, -8));
  });

  test('§2.1: a request between peers is read, and refused for its PRIORITY', () => {
    const request = parsed(sampleRequest);
    expect(request).toEqual({
      transactionId: bytes(transaction),
      unknownAttributes: [0x0024],
      hasFingerprint: true,
    });
    const answer = answerBinding(request, { family: 'IPv4', address: Buffer.from([192, 0, 2, 1]), port: 32853 });
    expect(answer.subarray(0, 2)).toEqual(bytes('0111'));
    expect(answer.includes(bytes('00090015 00000414'))).toBe(true);
    expect(answer.includes(bytes('000a0002 00240000'))).toBe(true);
    expect(answer.length).toBeLessThanOrEqual(sampleRequest.length);
  });

  test.each([
    ['§2.2', 'IPv4', bytes('c0000201'), mappedIpv4],
    ['§2.3', 'IPv6', bytes('20010db8 12345678 00112233 44556677'), mappedIpv6],
  ] as const)('%s: the address is written as the sample response writes it', (_, family, address, mapped) => {
    const answer = answerBinding(parsed(plain), { family, address, port: 32853 });
    expect(answer).toEqual(header(mapped, 0x0101));
  });
});

describe('FINGERPRINT', () => {
  test('is in the answer when it was in the request, and covers all before it', () => {
    const request = { transactionId: bytes(transaction), unknownAttributes: [], hasFingerprint: true };
    const answer = answerBinding(request, { family: 'IPv4', address: bytes('c0000201'), port: 32853 });
    expect(answer.readUInt16BE(2)).toBe(answer.length - 20);
    expect(answer.readUInt16BE(answer.length - 8)).toBe(0x8028);
    expect(answer.readUInt32BE(answer.length - 4)).toBe((crc32(answer.subarray(0, -8)) ^ 0x5354554e) >>> 0);
  });

  test('that does not match makes it another protocol', () => {
    const wrong = Buffer.from(sampleRequest);
    wrong[wrong.length - 1] = 0;
    expect(parseBindingRequest(wrong)).toBeUndefined();
  });

  test('anywhere but at the end is malformed', () => {
    const moved = Buffer.concat([sampleRequest, attribute(0x8022)]);
    moved.writeUInt16BE(moved.length - 20, 2);
    expect(parseBindingRequest(moved)).toBeUndefined();
  });
});

describe('is ignored', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', plain.subarray(0, 12)],
    ['an old request without the cookie (RFC 3489)', header(Buffer.alloc(0), 1, 0x12345678)],
    ['an indication', header(Buffer.alloc(0), 0x0011)],
    ['a response: two servers would answer each other for ever', header(mappedIpv4, 0x0101)],
    ['an Allocate request', header(Buffer.alloc(0), 0x0003)],
    ['a length that is not that of the datagram', Buffer.concat([plain, Buffer.alloc(4)])],
    ['an attribute that ends beyond the message', header(bytes('80220008 00000000'))],
    ['a length that is no multiple of four', header(bytes('8022000500')).subarray(0, 25)],
  ])('%s', (_, datagram) => expect(parseBindingRequest(datagram)).toBeUndefined());
});

test('attributes that must be understood are named, once each; those after the integrity do not count', () => {
  const attributes = [0x0003, 0x8001, 0x0003, 0x0006, 0x7fff, 0x0008, 0x0025].map((type) => attribute(type));
  expect(parsed(header(Buffer.concat(attributes))).unknownAttributes).toEqual([0x0003, 0x7fff]);
});

test('no bytes break the parser, and no answer is more than 36 bytes longer than what it answers', () => {
  const someAttributes = fc
    .array(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 20 })), { maxLength: 30 })
    .map((list) => header(Buffer.concat(list.map(([type, value]) => attribute(type, Buffer.from(value))))));
  const noise = fc.uint8Array({ maxLength: 600 }).map((data) => Buffer.from(data));
  const spoiled = fc.tuple(someAttributes, fc.nat(), fc.nat(255)).map(([datagram, at, byte]) => {
    datagram[at % datagram.length] = byte;
    return datagram;
  });
  let understood = 0;
  fc.assert(
    fc.property(fc.oneof(noise, someAttributes, spoiled), (datagram) => {
      const request = parseBindingRequest(datagram);
      if (!request) return;
      understood += 1;
      const answer = answerBinding(request, { family: 'IPv6', address: Buffer.alloc(16), port: 1 });
      expect(answer.length).toBeLessThanOrEqual(datagram.length + 36);
      expect(answer.readUInt16BE(2)).toBe(answer.length - 20);
    }),
    { numRuns: 500 },
  );
  expect(understood).toBeGreaterThan(100);
});
