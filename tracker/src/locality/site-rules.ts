import ipaddr from 'ipaddr.js';

/** Which addresses belong to which of the operator's sites. */
export class SiteRules {
  /** For each prefix length that occurs, longest first: the networks of it. */
  readonly #byLength: readonly (readonly [bits: number, networks: ReadonlyMap<string, string>])[];

  constructor(rules: readonly SiteRule[]) {
    const byLength = new Map<number, Map<string, string>>();
    for (const { bytes, bits, site } of rules) {
      const networks = byLength.get(bits) ?? new Map<string, string>();
      byLength.set(bits, networks.set(prefixOf(bytes, bits), site));
    }
    this.#byLength = [...byLength].sort(([a], [b]) => b - a);
  }

  /** The most specific rule wins, whatever the order in the file. */
  siteOf(address: string): string | undefined {
    const bytes = ipaddr.process(address).toByteArray();
    for (const [bits, networks] of this.#byLength) {
      if (bits > bytes.length * 8) continue;
      const site = networks.get(prefixOf(bytes, bits));
      if (site !== undefined) return site;
    }
    return undefined;
  }
}

export interface SiteRule {
  readonly bytes: readonly number[];
  readonly bits: number;
  readonly site: string;
}

/** A site's name goes to the console: letters, digits, and what file names have. */
const SITE_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
const MAX_RULES = 100_000;

/**
 * One rule a line: a network (CIDR) or an address, blanks, the site's name; `#` begins a comment.
 *
 * @throws {Error} for the first line that is none, with its number
 */
export function parseSites(text: string): SiteRules {
  const rules = text.split('\n').flatMap((line, index) => parseLine(line, index + 1) ?? []);
  if (rules.length > MAX_RULES) throw new Error(`more than ${MAX_RULES} rules`);
  const seen = new Map<string, string>();
  for (const { bytes, bits, site } of rules) {
    const network = `${bytes.length} ${bits} ${prefixOf(bytes, bits)}`;
    const other = seen.get(network);
    if (other !== undefined && other !== site)
      throw new Error(`one network is given to two sites: ${other} and ${site}`);
    seen.set(network, site);
  }
  return new SiteRules(rules);
}

function parseLine(line: string, number: number): SiteRule | undefined {
  const [text = ''] = line.split('#', 1);
  if (text.trim() === '') return undefined;
  const [network = '', site = '', ...more] = text.trim().split(/\s+/);
  const fail = (problem: string): never => {
    throw new Error(`line ${number}: ${problem}`);
  };
  if (more.length > 0 || site === '') return fail('it must be a network and a site name, such as "10.1.0.0/16 berlin"');
  if (!SITE_NAME.test(site)) return fail(`"${site}" is no site name: letters, digits, and . _ - within`);
  const range = parseNetwork(network);
  return range ? { ...range, site } : fail(`"${network}" is no network such as 10.1.0.0/16 or 2001:db8::/32`);
}

function parseNetwork(text: string): Pick<SiteRule, 'bytes' | 'bits'> | undefined {
  const [address = '', length, ...more] = text.split('/');
  // ipaddr.js would also take 10.1 for 10.0.0.1, as old C libraries do: here it is a mistake.
  if (!ipaddr.IPv6.isValid(address) && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  const bytes = ipaddr.parse(address).toByteArray();
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  const isLength = length === undefined || /^\d{1,3}$/.test(length);
  return more.length === 0 && isLength && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** The first `bits` bits, with the family: 0.0.0.0/0 is not ::/0. */
function prefixOf(bytes: readonly number[], bits: number): string {
  const whole = bytes.slice(0, Math.ceil(bits / 8));
  const rest = bits % 8;
  const last = whole.length - 1;
  if (rest > 0) whole[last] = (whole[last] ?? 0) & (0xff << (8 - rest));
  return `${bytes.length}:${whole.join('.')}`;
}
