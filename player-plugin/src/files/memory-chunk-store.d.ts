declare module 'memory-chunk-store' {
  /** Keeps pieces in memory, in the form that WebTorrent wants. */
  class MemoryChunkStore {}
  // biome-ignore lint/style/noDefaultExport: that is how the library exports it
  export default MemoryChunkStore;
}
