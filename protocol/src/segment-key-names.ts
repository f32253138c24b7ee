import { bytesOfHex, hexOf, SEGMENT_KEY_BYTES } from './identity.ts';
import { isAt } from './is-at.ts';

/** More segments than a page hears of at a time. */
const MAX_NAMES = 4096;

interface Name {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/**
 * The names of segment keys, so that each is spelled once: a key comes with nearly every frame, and maps find one and the
 * same string faster than one that is merely equal.
 */
export class SegmentKeyNames {
  /** By the key's first four bytes; whoever makes keys that share them gains nothing but the spelling. */
  readonly #names = new Map<number, Name>();

  readonly #keys = new Map<string, Uint8Array>();

  /** The name of the key that begins at `at`: 32 characters of lower-case hexadecimal. */
  read(message: Uint8Array, at: number): string {
    const head = u32At(message, at);
    const known = this.#names.get(head);
    if (known && isAt(message, at, known.bytes)) return known.name;
    const bytes = message.slice(at, at + SEGMENT_KEY_BYTES);
    const name = hexOf(bytes);
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    // One that is cut short would stand for all that begin with it.
    if (bytes.length === SEGMENT_KEY_BYTES) this.#names.set(head, { bytes, name });
    return name;
  }

  /** The key of this name. */
  keyOf(name: string): Uint8Array {
    const known = this.#keys.get(name);
    if (known) return known;
    const key = bytesOfHex(name);
    if (this.#keys.size >= MAX_NAMES) this.#keys.clear();
    this.#keys.set(name, key);
    return key;
  }
}

/** Big endian, as everything here. Without a view: most messages are too small to be worth one. */
export function u32At(bytes: Uint8Array, at: number): number {
  return u16At(bytes, at) * 0x10000 + u16At(bytes, at + 2);
}

export function u16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
