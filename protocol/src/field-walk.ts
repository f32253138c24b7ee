import { SEGMENT_KEY_BYTES } from './identity.ts';
import { KEY_NUMBERS, type KeyNumbers } from './key-numbers.ts';
import { SegmentKeyNames } from './segment-key-names.ts';

const MAX_PATH_BYTES = 2048;

const names = new SegmentKeyNames();
/** One for all: a number is read or written at once. */
const eight = new DataView(new ArrayBuffer(8));

/**
 * Goes through the fields of something binary, one after the other, so that a layout is described once: what is given is
 * written, and where nothing is given, what stands there is read. Integers are big-endian.
 */
export class FieldWalk {
  /** Where the next field begins. */
  at: number;
  readonly #bytes: Uint8Array;
  #end: number;
  readonly #numbers: KeyNumbers;
  #isBroken = false;

  /** @param end where reading ends; nothing is to be read without it. Beyond it there is nonsense. */
  constructor(bytes: Uint8Array, numbers: KeyNumbers, at = 0, end = 0) {
    this.#bytes = bytes;
    this.#numbers = numbers;
    this.at = at;
    this.#end = end;
  }

  /** Goes on to other bytes of the same message, as if it were new. */
  goTo(at: number, end = 0): void {
    this.at = at;
    this.#end = end;
    this.#isBroken = false;
  }

  /** Bytes that are left to be read. */
  get left(): number {
    return this.#end - this.at;
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

  f64(value?: number): number {
    if (value !== undefined) eight.setFloat64(0, value);
    for (let at = 0; at < 8; at++) eight.setUint8(at, this.u8(value === undefined ? undefined : eight.getUint8(at)));
    return eight.getFloat64(0);
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
    const rest = value ?? this.#bytes.subarray(this.at, this.#end);
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
