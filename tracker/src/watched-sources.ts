import { PublishedFiles } from './allow-list/published-files.ts';
import type { Clock } from './clock.ts';
import type { TrackerConfig } from './config.ts';
import { ManifestKeys } from './keys/manifest-keys.ts';
import { Locator, placeKey } from './locality/locator.ts';

/** What the tracker reads from files and other services, and reads again when it changes. */
export interface WatchedSources {
  readonly published: PublishedFiles | undefined;
  readonly manifestKeys: ManifestKeys | undefined;
  readonly locator: Locator;
  /** @throws {Error} when a file of `sites` or `geoDb` is not usable */
  start(): Promise<void>;
  stop(): void;
}

/** @param tell one line for the operator */
export function watchedSources(config: TrackerConfig, clock: Clock, tell: (problem: string) => void): WatchedSources {
  const { publishedFiles, manifestKeys: keys, sites, geoDb, redis } = config;
  const published = publishedFiles === undefined ? undefined : new PublishedFiles(publishedFiles, clock, tell);
  const manifestKeys = keys === undefined ? undefined : new ManifestKeys(keys, clock, tell);
  const locator = new Locator({ sites, geoDb, key: placeKey(redis) }, clock, tell);
  return {
    published,
    manifestKeys,
    locator,
    async start() {
      await Promise.all([manifestKeys?.start(), published?.start(), locator.start()]);
    },
    stop() {
      manifestKeys?.stop();
      published?.stop();
      locator.stop();
    },
  };
}
