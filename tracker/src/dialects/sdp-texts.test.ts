import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SdpTexts } from './sdp-texts.ts';

test('each SDP of a message is cut out of it', () => {
  const sdps = ['v=0\r\no=- 1\r\n', 'v=0', 'ümläut'];
  const texts = new SdpTexts(JSON.stringify({ offers: sdps.map((sdp) => ({ offer: { type: 'offer', sdp } })) }));
  expect(sdps.map((sdp) => texts.next(sdp))).toEqual(sdps.map((sdp) => JSON.stringify(sdp)));
});

test.each([
  ['spaces', '{"offer": {"sdp" : "v=0\\r\\n"}}', 'v=0\r\n'],
  ['a space before the value', '{"offer":{"sdp": "v=0"}}', 'v=0'],
  ['an escaped quote', '{"offer":{"sdp":"v\\"=0"}}', 'v"=0'],
  ['a backslash at the end', '{"offer":{"sdp":"v=0\\\\"}}', 'v=0\\'],
  ['an escaped name', '{"offer":{"s\\u0064p":"v=0"}}', 'v=0'],
])('written with %s it is the same', (_, message, sdp) => {
  expect(JSON.parse(new SdpTexts(message).next(sdp))).toBe(sdp);
});

test('whatever the message, what is passed on is the JSON of a text', () => {
  const tricky = fc.oneof(
    fc.string(),
    fc.constantFrom('"sdp":', '"sdp":"', '\\"sdp":"x', '\\', '"', 'sdp', '"sdp":"\\"'),
  );
  const descriptions = fc.array(fc.record({ type: tricky, sdp: tricky, 'x"sdp":"': tricky }));
  fc.assert(
    fc.property(descriptions, fc.dictionary(tricky, tricky), (offers, others) => {
      const texts = new SdpTexts(JSON.stringify({ ...others, offers }));
      for (const { sdp } of offers) expect(JSON.parse(texts.next(sdp))).toBeTypeOf('string');
    }),
  );
});
