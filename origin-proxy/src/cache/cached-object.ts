import type { Freshness } from './freshness.ts';
import type { ObjectKind } from './object-kind.ts';

export type Headers = Readonly<Record<string, string>>;

/** What is known of a response beside its body. */
export interface Head {
  readonly kind: ObjectKind;
  readonly status: number;
  /** Lower-case names; none that concern only one connection. */
  readonly headers: Headers;
  readonly freshness: Freshness;
}

/** A response whose body is here, complete. */
export interface WholeObject {
  readonly is: 'whole';
  readonly key: string;
  readonly head: Head;
  readonly body: Buffer;
  /** SHA-256 of each chunk of the body, as a manifest has them; what the disk tier checks itself against, too. */
  readonly hashes: Buffer;
}

/** A response too large for one piece: its body is in slices, each an object of its own. */
export interface SlicedObject {
  readonly is: 'sliced';
  readonly key: string;
  readonly head: Head;
  readonly size: number;
}

/** Under this key there are several responses, told apart by request headers (RFC 9111 §4.1). */
export interface VariantList {
  readonly is: 'variants';
  readonly key: string;
  readonly on: readonly string[];
}

export type CachedObject = WholeObject | SlicedObject | VariantList;

/** What is counted beside the body: headers, key, the map's own entry. */
const OVERHEAD_BYTES = 1024;

export function bytesOf(object: CachedObject): number {
  return object.is === 'whole' ? object.body.byteLength + object.hashes.byteLength + OVERHEAD_BYTES : OVERHEAD_BYTES;
}
