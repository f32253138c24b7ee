import { InvalidArgumentError, Option } from 'commander';

/** Makes options whose values may also come from the environment: `--admin-port` of `NEARCAST_EDGE` is NEARCAST_EDGE_ADMIN_PORT. */
export function optionsOf(environmentPrefix: string): (flags: string, help: string) => Option {
  return (flags, help) => {
    const option = new Option(flags, help);
    return option.env(`${environmentPrefix}_${option.name().replaceAll('-', '_').toUpperCase()}`);
  };
}

/** A parser for whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

export const parsePort: (text: string) => number = wholeNumber(0, 65_535);

const UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** "512MiB" → 536870912. */
export function parseSize(text: string, minBytes = 0): number {
  const [, digits, unit = ''] = /^(\d+)\s*(KiB|MiB|GiB|TiB)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) {
    throw new InvalidArgumentError('It must be a size such as 512MiB or 10GiB.');
  }
  const bytes = Number(digits) * UNITS[unit as keyof typeof UNITS];
  if (bytes < minBytes) throw new InvalidArgumentError(`It must be at least ${minBytes / UNITS.MiB} MiB.`);
  return bytes;
}

/** A parser for lists: "a,b", or the flag several times. One for each option: it remembers. */
export function listParser(): (text: string) => string[] {
  const items: string[] = [];
  return (text) => {
    items.push(
      ...text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );
    if (items.length === 0) throw new InvalidArgumentError('It must not be empty.');
    return [...items];
  };
}
