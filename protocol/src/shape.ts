import { asList, asObject } from './parse.ts';

/** Takes over what fits, and only that; `undefined` for whatever does not: input never throws. */
export type Parser<T> = (value: unknown) => T | undefined;

type Fields<T> = { readonly [K in keyof T]-?: Parser<NonNullable<T[K]> | Extract<T[K], null>> };
type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/**
 * An object with these fields; others are left out.
 * @param optional fields that are left out, too, where they do not fit
 */
export function shape<T extends object>(
  fields: Fields<Omit<T, OptionalKeys<T>>>,
  ...[optional]: OptionalKeys<T> extends never ? [] : [Fields<Pick<T, OptionalKeys<T>>>]
): Parser<T> {
  const required = Object.entries<Parser<unknown>>(fields);
  const others = Object.entries<Parser<unknown>>(optional ?? {});
  return (value) => {
    const given = asObject(value);
    const parsed: Record<string, unknown> = {};
    for (const [name, parse] of [...required, ...others]) {
      const field = parse(given?.[name]);
      if (field !== undefined) parsed[name] = field;
    }
    return given && required.every(([name]) => name in parsed) ? (parsed as T) : undefined;
  };
}

/** Those of the first `max` that fit; whatever is no list has none. */
export function listOf<T>(parse: Parser<T>, max: number): Parser<readonly T[]> {
  return (value) => asList(value, max).flatMap((item) => parse(item) ?? []);
}
