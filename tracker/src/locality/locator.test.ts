import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { patience } from '../testing/test-viewer.ts';
import { writeMmdb } from '../testing/write-mmdb.ts';
import { Locator, type LocatorConfig } from './locator.ts';
import { inRegion } from './place.ts';

let folder: string;
let locator: Locator | undefined;
let due: (() => void)[] = [];
const problems: string[] = [];
const clock = {
  now: () => 0,
  after: (_: number, run: () => void) => {
    due.push(run);
    return () => {
      due = due.filter((other) => other !== run);
    };
  },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcast-locality-'));
  problems.length = 0;
  due = [];
});

afterEach(async () => {
  locator?.stop();
  await rm(folder, { recursive: true });
});

async function start(config: Partial<LocatorConfig> = {}): Promise<Locator> {
  const whole = { sites: undefined, geoDb: [], key: Buffer.from('k'), ...config };
  locator = new Locator(whole, clock, (problem) => problems.push(problem));
  await locator.start();
  return locator;
}

/** The files are looked at again; each then asks to be called once more. */
async function lookAgain(): Promise<void> {
  const looks = due.splice(0);
  for (const look of looks) look();
  await vi.waitFor(() => expect(due).toHaveLength(looks.length), patience);
}

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  // As programs that care replace a file; the time tells one from the next even on a coarse file system.
  await writeFile(`${path}.new`, content);
  written += 1;
  await utimes(`${path}.new`, written, written);
  await rename(`${path}.new`, path);
  return path;
}
let written = 0;

const geo = () =>
  write(
    'geo.mmdb',
    writeMmdb({ '193.0.0.0/16': { asn: 'AS3333', city: 'Amsterdam' }, '202.12.0.0/16': { country_code: 'KR' } }),
  );

describe('a place', () => {
  test('is a country without any configuration', async () => {
    const { lan, ...rest } = (await start()).placeOf('193.0.6.139');
    expect(rest).toEqual({ network: '', city: '', region: 'NL' });
    expect(lan).toMatch(/^[\w-]{16}$/);
  });

  test("has network and city of the operator's database, whose word on the country wins", async () => {
    const places = await start({ geoDb: [await geo()] });
    expect(places.placeOf('193.0.6.139')).toMatchObject({ network: 'AS3333', city: 'Amsterdam', region: 'NL' });
    expect(places.placeOf('202.12.27.33').region).toBe('KR');
  });

  test('is a site where the operator says so, and what the token says before all', async () => {
    const sites = await write('sites', '193.0.6.0/24 office\n10.0.0.0/8 office');
    const places = await start({ sites, geoDb: [await geo()] });
    expect(places.placeOf('193.0.6.139')).toEqual({
      lan: 'site office',
      network: 'AS3333',
      city: 'Amsterdam',
      region: 'office',
    });
    expect(places.placeOf('10.1.1.1')).toMatchObject({ lan: 'site office', region: 'office' });
    const place = places.placeOf('193.0.6.139');
    expect(inRegion(place, undefined)).toBe(place);
    expect(inRegion(place, 'north')).toEqual({ ...place, region: 'north' });
    expect(inRegion(place, 'x'.repeat(1000)).region).toHaveLength(64);
  });

  test('shares its LAN with who comes from the same address, or from the same IPv6 network', async () => {
    const places = await start();
    const lan = (address: string) => places.placeOf(address).lan;
    expect(lan('193.0.6.139')).toBe(lan('::ffff:193.0.6.139'));
    expect(lan('193.0.6.139')).not.toBe(lan('193.0.6.140'));
    expect(lan('2001:db8:0:1::1')).toBe(lan('2001:db8:0:1:ffff::2'));
    expect(lan('2001:db8:0:1::1')).not.toBe(lan('2001:db8:0:2::1'));
    expect([lan('10.0.0.1'), lan('fd00::1'), lan('127.0.0.1')]).toEqual(['inside', 'inside', 'inside']);
  });

  test('of an unknown address is nowhere, and no name has an address in it', async () => {
    const places = await start();
    const nowhere = { lan: '', network: '', city: '', region: '' };
    expect(places.placeOf(undefined)).toEqual(nowhere);
    expect(places.placeOf('somebody')).toEqual(nowhere);
    expect(JSON.stringify(places.placeOf('193.0.6.139'))).not.toMatch(/193|139/);
  });

  test('cannot be found by trying addresses without the key', async () => {
    const here = (await start()).placeOf('193.0.6.139').lan;
    locator?.stop();
    due = [];
    expect((await start({ key: Buffer.from('another') })).placeOf('193.0.6.139').lan).not.toBe(here);
  });
});

describe('files', () => {
  test('are read again when they change', async () => {
    const places = await start({ sites: await write('sites', '193.0.6.0/24 old'), geoDb: [await geo()] });
    await write('sites', '193.0.6.0/24 new');
    await write('geo.mmdb', writeMmdb({ '193.0.0.0/16': { asn: 'AS1' } }));
    await lookAgain();
    expect(places.placeOf('193.0.6.139')).toMatchObject({ region: 'new', network: 'AS1', city: '' });
    expect(problems).toEqual([]);
  });

  test('that are broken, or go away, leave what was there, with one warning each', async () => {
    const [sites, geoDb] = [await write('sites', '193.0.6.0/24 old'), [await geo()]];
    const places = await start({ sites, geoDb });
    await write('sites', '193.0.6.0/24 a b');
    await rm(join(folder, 'geo.mmdb'));
    await lookAgain();
    await lookAgain();
    expect(places.placeOf('193.0.6.139')).toMatchObject({ region: 'old', network: 'AS3333' });
    expect(problems.toSorted()).toEqual([
      `${geoDb[0]}: no such file; what was read before stays`,
      `${sites}: line 1: it must be a network and a site name, such as "10.1.0.0/16 berlin"; what was read before stays`,
    ]);
    await write('sites', '193.0.6.0/24 mended');
    await geo();
    await lookAgain();
    expect(places.placeOf('193.0.6.139')).toMatchObject({ region: 'mended', network: 'AS3333' });
    expect(problems).toHaveLength(2);
  });

  test.each([
    ['sites', 'missing', undefined, 'no such file'],
    ['sites', 'sites', '10.0.0.0/8', 'line 1: it must be'],
    ['geoDb', 'geo', 'no database', 'it is no readable database in MaxMind format'],
  ])('that cannot be used at the start: --%s %s', async (option, name, content, problem) => {
    const path = content === undefined ? join(folder, name) : await write(name, content);
    await expect(start({ [option]: option === 'geoDb' ? [path] : path })).rejects.toThrow(`${path}: ${problem}`);
  });
});
