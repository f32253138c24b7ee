declare module 'bencode' {
  /** Keys are sorted as BEP 3 asks; text is written as UTF-8. */
  const bencode: { encode(value: unknown): Uint8Array; decode(bytes: Uint8Array): unknown };

  // biome-ignore lint/style/noDefaultExport: that is how the library exports it
  export default bencode;
}
