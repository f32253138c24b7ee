/** Bounds that both ends know, so that each can refuse early what the other would refuse anyway. */

/** Largest signalling message, bytes. An announce with ten offers of real size is about 8 KiB; stock trackers allow 64. */
export const MAX_SIGNALLING_BYTES: number = 64 * 1024;

/** Longest swarm id, characters: a URL fits (browsers and proxies agree on about 2,000). */
export const MAX_SWARM_ID_LENGTH = 2048;

/** Longest token, characters: a JWT with a key id and a few claims is below 1 KiB. */
export const MAX_TOKEN_LENGTH = 4096;

/** The counters of one report are below 2^48: 256 TiB in one interval is not a viewer. */
export const MAX_COUNTER: number = 2 ** 48;

/** Longest name of a viewer, characters. */
export const MAX_VIEWER_ID_LENGTH = 64;

/** One SDP, characters: a data channel's with trickled candidates is below 1 KiB, with all of a large host's below 8. */
export const MAX_SDP_LENGTH: number = 16 * 1024;

export const MAX_CANDIDATE_LENGTH = 1024;

/** A line that says it is faster is not believed: 10 Gbit/s. */
export const MAX_BITS_PER_SECOND: number = 10_000_000_000;

/** More neighbours than that nobody needs. */
export const MAX_WANTED_PEERS = 32;

export const MAX_KEYS = 16;
export const MAX_ICE_SERVERS = 8;
