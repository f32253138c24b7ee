import { SEGMENT_KEY_BYTES } from './identity.ts';
import { KEY_NUMBERS, type KeyNumbers } from './key-numbers.ts';
import { SegmentKeyNames } from './segment-key-names.ts';

const MAX_PATH_BYTES = 2048;

const names = new SegmentKeyNames();

/**
 * Goes through the fields of something binary, one after the other, so that a layout is described once: what is given is
 * written, and where nothing is given, what stands there is read. Integers of a fixed length are big-endian.
 */
export class FieldWalk {
  /** Where the next field begins. */
  at = 0;
  /** Where reading ends; nothing is to be read without it. Beyond it there is nonsense. */
  end: number;
  readonly #bytes: Uint8Array;
  readonly #numbers: KeyNumbers;
  #isBroken = false;

  constructor(bytes: Uint8Array, numbers: KeyNumbers, end = 0) {
    this.#bytes = bytes;
    this.#numbers = numbers;
    this.end = end;
  }

  /** Bytes that are left to be read. */
  get left(): number {
    return this.end - this.at;
  }

  /** Whether all was read, nothing else, and everything held that must. */
  get isSound(): boolean {
    return this.left === 0 && !this.#isBroken;
  }

  /** What must hold of what was read. */
  must(holds: boolean): void {
    this.#isBroken ||= !holds;
  }

  u8(value?: number): number {
    if (value !== undefined) this.#bytes[this.at] = value;
    return this.#bytes[this.at++] as number;
  }

  u16(value?: number): number {
    return this.u8(value && value >> 8) * 0x100 + this.u8(value);
  }

  u32(value?: number): number {
    return this.u16(value && value >> 16) * 0x10000 + this.u16(value);
  }

  /**
   * [P15] Seven bits per byte, least significant first. What is given is brought within bounds; a fraction is lost.
   * @param most 2^k − 1
   */
  varint(value?: number, most = 0xffffffff): number {
    const given = value && Math.min(most, Math.max(0, value));
    const byte = this.u8(given && (given < 128 ? given : given | 128));
    // Each byte leaves less room for those that follow: whatever is read has an end.
    if (byte > 127 && most > 127) return byte - 128 + 128 * this.varint(given && given / 128, most / 128);
    this.must(byte <= most);
    return byte;
  }

  /** [P13] A segment: by its number, or by a number and its key. @param mayGive whether it is given a number here */
  key(value?: string, mayGive = true): string {
    return value === undefined ? this.#readKey(mayGive) : this.#writeKey(value, mayGive);
  }

  /** [P14] All that is left: how much of the last path it begins with, and the rest. */
  path(value?: string): string {
    const last = this.#numbers.path;
    const given = value === undefined ? value : new TextEncoder().encode(value).subarray(0, MAX_PATH_BYTES);
    let same = 0;
    while (given && same < Math.min(last.length, 255) && given[same] === last[same]) same += 1;
    same = this.u8(given && same);
    const path = Uint8Array.of(...last.subarray(0, same), ...this.rest(given?.subarray(same)));
    this.must(same <= last.length && path.length <= MAX_PATH_BYTES);
    this.#numbers.path = path;
    return new TextDecoder().decode(path);
  }

  /** All that is left; a view of it. */
  rest(value?: Uint8Array): Uint8Array {
    if (value) this.#bytes.set(value, this.at);
    const rest = value ?? this.#bytes.subarray(this.at, this.end);
    this.at += rest.length;
    return rest;
  }

  #writeKey(key: string, mayGive: boolean): string {
    const known = this.#numbers.numberOf(key);
    this.u8(known ?? KEY_NUMBERS + (mayGive ? this.#numbers.give(key) : 0));
    if (known === undefined) this.rest(names.keyOf(key));
    return key;
  }

  #readKey(mayGive: boolean): string {
    const number = this.u8();
    if (number < KEY_NUMBERS) {
      const known = this.#numbers.keyOf(number);
      this.must(known !== undefined);
      return known as string;
    }
    const key = names.read(this.#bytes, this.at);
    this.at += SEGMENT_KEY_BYTES;
    if (mayGive) this.#numbers.set(number - KEY_NUMBERS, key);
    return key;
  }
}
