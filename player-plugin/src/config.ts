import { parseManifestJwk } from '@nearcast/protocol';

/** What a site may set; everything but `tracker` has a default. */
export interface P2POptions {
  /** WebSocket URL of the tracker, or several in order of preference. */
  tracker: string | string[];
  /** Content id: who shares it shares the swarm. Default: the multivariant playlist's URL without its query. */
  swarm?: string;
  /** Join token, or where to get a fresh one. Default: none. */
  token?: string | (() => Promise<string>);
  /** `p2p-media-loader` joins the swarms of sites that use that library; it verifies nothing. Default "swarm". */
  engine?: 'swarm' | 'p2p-media-loader';
  /** `require`: a segment without a signed manifest is never taken from, or given to, a peer. Default "require". */
  integrity?: 'require' | 'off';
  /** Keys that manifests may be signed with. Default: those that the tracker announces. */
  trustedKeys?: JsonWebKey[];
  /** `maxBitrate` in bit/s (default: no cap beyond what the line bears), `maxRatio` of sent to received bytes (default 2). */
  upload?: { maxBitrate?: number; maxRatio?: number; onMetered?: 'never' | 'allow' };
  /** Asked once, before anything is sent to anybody. Default "granted". */
  consent?: 'granted' | 'denied' | (() => Promise<boolean>);
  /** Default "auto": by what the playlist says. */
  preset?: 'auto' | 'vod' | 'live' | 'low-latency';
  /** Passed to RTCPeerConnection. Default: the ICE servers that the tracker announces, never a third party's. */
  rtc?: RTCConfiguration;
}

export interface ResolvedOptions {
  readonly trackers: readonly string[];
  readonly swarm: string | undefined;
  readonly token: () => Promise<string | undefined>;
  readonly engine: 'swarm' | 'p2p-media-loader';
  readonly integrity: 'require' | 'off';
  readonly trustedKeys: readonly JsonWebKey[] | undefined;
  readonly upload: { readonly maxBitrate: number; readonly maxRatio: number; readonly onMetered: 'never' | 'allow' };
  readonly consent: () => Promise<boolean>;
  readonly preset: 'auto' | 'vod' | 'live' | 'low-latency';
  /** Without it: what the tracker announces. */
  readonly rtc: RTCConfiguration | undefined;
}

const enums: Readonly<Record<string, readonly string[]>> = {
  engine: ['swarm', 'p2p-media-loader'],
  integrity: ['require', 'off'],
  preset: ['auto', 'vod', 'live', 'low-latency'],
};

const known = ['tracker', 'swarm', 'token', 'trustedKeys', 'upload', 'consent', 'rtc', ...Object.keys(enums)];

/** @returns the options with every default filled in, or one sentence on what is wrong with them */
export function resolveOptions(given: P2POptions): ResolvedOptions | string {
  return findProblem(given) ?? withDefaults(given);
}

function withDefaults(given: P2POptions): ResolvedOptions {
  const { token, consent = 'granted', upload = {} } = given;
  return {
    trackers: [given.tracker].flat(),
    swarm: given.swarm,
    token: typeof token === 'function' ? token : async () => token,
    engine: given.engine ?? 'swarm',
    integrity: given.integrity ?? 'require',
    trustedKeys: given.trustedKeys,
    upload: {
      maxBitrate: upload.maxBitrate ?? Number.POSITIVE_INFINITY,
      maxRatio: upload.maxRatio ?? 2,
      onMetered: upload.onMetered ?? 'never',
    },
    consent: typeof consent === 'function' ? consent : async () => consent === 'granted',
    preset: given.preset ?? 'auto',
    rtc: given.rtc,
  };
}

function findProblem(given: P2POptions): string | undefined {
  if (typeof given !== 'object' || given === null) return 'attachP2P needs options with a tracker';
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) return `unknown option "${unknown}" (known: ${known.join(', ')})`;
  for (const [name, allowed] of Object.entries(enums)) {
    const value = given[name as keyof P2POptions];
    if (value !== undefined && !allowed.includes(value as string)) {
      return `${name} must be one of ${allowed.map((word) => `"${word}"`).join(', ')}`;
    }
  }
  return (
    trackerProblem(given.tracker) ?? consentProblem(given.consent) ?? keysProblem(given) ?? uploadProblem(given.upload)
  );
}

function trackerProblem(tracker: unknown): string | undefined {
  const urls = [tracker].flat();
  if (urls.length === 0 || urls.includes(undefined)) return 'tracker is missing';
  for (const url of urls) {
    if (typeof url !== 'string' || !URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
      return `tracker must be a ws:// or wss:// URL, not ${JSON.stringify(url)}`;
    }
  }
  return undefined;
}

function consentProblem(consent: unknown): string | undefined {
  if (consent === undefined || typeof consent === 'function' || consent === 'granted' || consent === 'denied') {
    return undefined;
  }
  return 'consent must be "granted", "denied" or a function';
}

function keysProblem({ trustedKeys }: P2POptions): string | undefined {
  if (trustedKeys === undefined) return undefined;
  const isGood = Array.isArray(trustedKeys) && trustedKeys.length > 0 && trustedKeys.every(parseManifestJwk);
  return isGood ? undefined : 'trustedKeys must be a list of P-256 public keys as JWK';
}

const uploadKeys = ['maxBitrate', 'maxRatio', 'onMetered'];

function uploadProblem(upload: P2POptions['upload']): string | undefined {
  if (upload === undefined) return undefined;
  if (typeof upload !== 'object' || upload === null) return 'upload must be an object';
  const unknown = Object.keys(upload).find((name) => !uploadKeys.includes(name));
  if (unknown !== undefined) return `unknown option "upload.${unknown}" (known: ${uploadKeys.join(', ')})`;
  for (const name of ['maxBitrate', 'maxRatio'] as const) {
    const value = upload[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
      return `upload.${name} must be a number of at least 0`;
    }
  }
  if (upload.onMetered !== undefined && upload.onMetered !== 'never' && upload.onMetered !== 'allow') {
    return 'upload.onMetered must be "never" or "allow"';
  }
  return undefined;
}
