/** Readers for one field each of parsed JSON. They return `undefined` for whatever does not fit: input never throws. */

export type JsonObject = { readonly [key: string]: unknown };

export function parseJsonObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return asObject(value);
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function asText(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength ? value : undefined;
}

export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** A whole number in [0, max]. */
export function asCount(value: unknown, max: number): number | undefined {
  return Number.isSafeInteger(value) ? asNumber(value, max) : undefined;
}

export function asOneOf<const T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((candidate) => candidate === value);
}

/** A finite number in [0, max]. */
export function asNumber(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= max ? value : undefined;
}

/** The first `max` items; whatever is no list has none. */
export function asList(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : [];
}
