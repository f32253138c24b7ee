import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSites } from './site-rules.ts';

const sites = parseSites(`
# network        site
10.1.0.0/16      berlin
10.1.2.0/23      berlin-lab   # longer wins
192.0.2.7        kiosk
2001:db8::/32    berlin
0.0.0.0/0        elsewhere
`);

test.each([
  ['10.1.0.1', 'berlin'],
  ['10.1.1.255', 'berlin'],
  ['10.1.2.0', 'berlin-lab'],
  ['10.1.3.255', 'berlin-lab'],
  ['10.1.4.0', 'berlin'],
  ['::ffff:10.1.3.1', 'berlin-lab'],
  ['192.0.2.7', 'kiosk'],
  ['192.0.2.8', 'elsewhere'],
  ['2001:db8:ffff::1', 'berlin'],
  ['2001:db9::1', undefined],
])('%s is %s', (address, site) => expect(sites.siteOf(address)).toBe(site));

test.each([
  ['10.1.0.0/33 berlin', 'line 1: "10.1.0.0/33" is no network such as 10.1.0.0/16 or 2001:db8::/32'],
  ['\n10.1/16 berlin', 'line 2: "10.1/16" is no network such as 10.1.0.0/16 or 2001:db8::/32'],
  ['10.1.0.0/-1 x', 'line 1: "10.1.0.0/-1" is no network such as 10.1.0.0/16 or 2001:db8::/32'],
  ['# x\n\n10.0.0.0/8', 'line 3: it must be a network and a site name, such as "10.1.0.0/16 berlin"'],
  ['10.0.0.0/8 a b', 'line 1: it must be a network and a site name, such as "10.1.0.0/16 berlin"'],
  ['10.0.0.0/8 <b>', 'line 1: "<b>" is no site name: letters, digits, and . _ - within'],
  ['10.0.0.0/8 a\n10.9.0.0/8 b', 'one network is given to two sites: a and b'],
])('%j: %s', (text, problem) => expect(() => parseSites(text)).toThrow(problem));

test('the longest of any rules wins, as trying each of them one by one finds it', () => {
  const rule = fc.tuple(fc.nat(0xffff), fc.integer({ min: 1, max: 16 }));
  const numberOf = (address: number, bits: number) => address >>> (16 - bits);
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 40 }), fc.nat(0xffff), (given, address) => {
      const rules = new Map(given.map(([network, bits]) => [`${bits}-${numberOf(network, bits)}`, { network, bits }]));
      const text = [...rules].map(
        ([name, { network, bits }]) => `10.0.${network >> 8}.${network & 255}/${16 + bits} s${name}`,
      );
      const best = [...rules]
        .filter(([, { network, bits }]) => numberOf(network, bits) === numberOf(address, bits))
        .sort(([, a], [, b]) => b.bits - a.bits)[0];
      const found = parseSites(text.join('\n')).siteOf(`10.0.${address >> 8}.${address & 255}`);
      expect(found).toBe(best && `s${best[0]}`);
    }),
  );
});
