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

/** What a value must be, when it is not. */
type Rule = (value: unknown) => string | undefined;

const oneOf =
  (...words: readonly string[]): Rule =>
  (value) =>
    words.includes(value as string) ? undefined : `one of ${words.map((word) => `"${word}"`).join(', ')}`;
const aNumber: Rule = (value) => (typeof value === 'number' && value >= 0 ? undefined : 'a number of at least 0');
const anything: Rule = () => undefined;

const rules: Readonly<Record<keyof P2POptions, Rule>> = {
  tracker: (value) =>
    [value]
      .flat()
      .filter((url) => typeof url !== 'string' || !URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol))
      .map((url) => `a ws:// or wss:// URL, not ${JSON.stringify(url)}`)[0],
  swarm: anything,
  token: anything,
  trustedKeys: (value) =>
    Array.isArray(value) && value.length > 0 && value.every(parseManifestJwk)
      ? undefined
      : 'a list of P-256 public keys as JWK',
  upload: (value) => (typeof value === 'object' && value ? undefined : 'an object'),
  consent: (value) =>
    typeof value === 'function' || value === 'granted' || value === 'denied'
      ? undefined
      : '"granted", "denied" or a function',
  rtc: anything,
  engine: oneOf('swarm', 'p2p-media-loader'),
  integrity: oneOf('require', 'off'),
  preset: oneOf('auto', 'vod', 'live', 'low-latency'),
};

const uploadRules: Readonly<Record<keyof NonNullable<P2POptions['upload']>, Rule>> = {
  maxBitrate: aNumber,
  maxRatio: aNumber,
  onMetered: oneOf('never', 'allow'),
};

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
  if ([given.tracker].flat()[0] === undefined) return 'tracker is missing';
  return problemIn(given, rules, '') ?? problemIn(given.upload ?? {}, uploadRules, 'upload.');
}

function problemIn(given: object, named: Readonly<Record<string, Rule>>, prefix: string): string | undefined {
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(named, name) ? named[name] : undefined;
    if (!rule) return `unknown option "${prefix}${name}" (known: ${Object.keys(named).join(', ')})`;
    const must = value === undefined ? undefined : rule(value);
    if (must) return `${prefix}${name} must be ${must}`;
  }
  return undefined;
}
