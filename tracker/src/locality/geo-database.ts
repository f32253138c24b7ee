import { Reader, type Response } from 'mmdb-lib';

/** What one database says of an address; a country database knows no network, and the other way round. */
export interface GeoFacts {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly city?: string;
  /** Autonomous system, as "AS64496". */
  readonly network?: string;
}

/** A file in MaxMind's format, whoever made it: GeoLite2, DB-IP, IPinfo and ip-location-db name the same things differently. */
export class GeoDatabase {
  readonly #reader: Reader<Response>;

  /** @throws {Error} when it is no such file, or a damaged one */
  constructor(bytes: Buffer) {
    try {
      this.#reader = new Reader<Response>(bytes);
      // The description is at the end: of a file cut out of its middle nothing is missed before somebody asks.
      for (const address of probes) this.#reader.get(address);
    } catch (error) {
      throw new Error('it is no readable database in MaxMind format', { cause: error });
    }
  }

  lookUp(address: string): GeoFacts {
    try {
      return factsOf(this.#reader.get(address));
    } catch {
      // IPv6 in a database of IPv4, or a record that is damaged: nothing is known.
      return {};
    }
  }
}

const probes = ['1.1.1.1', '8.8.8.8', '80.1.1.1', '130.1.1.1', '192.0.2.1', '200.1.1.1', '223.255.255.1'];
const MAX_NAME_LENGTH = 64;

function factsOf(record: unknown): GeoFacts {
  const country = textAt(record, ['country', 'iso_code'], ['country_code'], ['country']);
  const city = textAt(record, ['city', 'names', 'en'], ['city']);
  const network = networkAt(record);
  return {
    ...(country !== undefined && /^[A-Z]{2}$/.test(country) ? { country } : {}),
    ...(city === undefined ? {} : { city: city.slice(0, MAX_NAME_LENGTH) }),
    ...(network === undefined ? {} : { network }),
  };
}

function networkAt(record: unknown): string | undefined {
  const number =
    valueAt(record, ['autonomous_system_number']) ?? valueAt(record, ['traits', 'autonomous_system_number']);
  const digits = typeof number === 'number' ? String(number) : textAt(record, ['asn'], ['autonomous_system_number']);
  const [, plain] = /^(?:AS)?([1-9]\d{0,9})$/.exec(digits ?? '') ?? [];
  return plain === undefined ? undefined : `AS${plain}`;
}

function textAt(record: unknown, ...paths: string[][]): string | undefined {
  for (const path of paths) {
    const value = valueAt(record, path);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}
