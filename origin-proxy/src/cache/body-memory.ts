/**
 * Memory of bodies, given back by hand. Left to V8, 100 MB and more of bodies that nobody wants any more pile up before it
 * collects them; left to the C library's heap, holes of all sizes add as much (decision 0010). So each body of some size
 * has pages of its own, which go back to the system at once. What is freed reads as empty: nobody is ever given the bytes
 * of another body.
 */
const own = new WeakSet<ArrayBufferLike>();
let mapped = 0;

/** Below that, a body lies in the heap: pages of its own would cost more time than they save memory. */
const PAGES_FROM_BYTES = 64 * 1024;
/** A process may have 65,530 mappings (vm.max_map_count), of which Node itself needs some thousand. */
const MAX_MAPPED = 16_384;

/** To be given to `freeBody` once nobody, the kernel included, reads it. */
export function allocateBody(bytes: number): Buffer {
  if (bytes < PAGES_FROM_BYTES || mapped >= MAX_MAPPED) return Buffer.allocUnsafeSlow(bytes);
  // V8 maps what may be resized, and takes from the heap what may not.
  const pages = new ArrayBuffer(bytes, { maxByteLength: bytes });
  own.add(pages);
  mapped += 1;
  return Buffer.from(pages, 0, bytes);
}

/** Frees what `allocateBody` made, whichever part of it this is; other memory is left alone. */
export function freeBody({ buffer }: Buffer): void {
  if (!own.delete(buffer) || !(buffer instanceof ArrayBuffer)) return;
  mapped -= 1;
  // Detached, it lets go of its memory (ECMA-262 §25.1.6.9); the new, empty buffer has none.
  buffer.transferToFixedLength(0);
}
