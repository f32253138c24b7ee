/** Bounds that both ends know, so that each can refuse early what the other would refuse anyway. */

/** Largest signalling message, bytes. An announce with ten offers of real size is about 8 KiB; stock trackers allow 64. */
export const MAX_SIGNALLING_BYTES: number = 64 * 1024;

/** Longest swarm id, characters: a URL fits (browsers and proxies agree on about 2,000). */
export const MAX_SWARM_ID_LENGTH = 2048;

/** Longest token, characters: a JWT with a key id and a few claims is below 1 KiB. */
export const MAX_TOKEN_LENGTH = 4096;

/** The counters of one report are below 2^48: 256 TiB in one interval is not a viewer. */
export const MAX_COUNTER: number = 2 ** 48;
