/** How WebSocket frames are laid out, as far as the tracker writes and reads them itself (RFC 6455 §5.2). */

/** First byte: FIN set, nothing reserved, and the opcode. */
export const WHOLE_TEXT = 0x81;
export const PING = 0x89;
export const PONG = 0x8a;

/** Second byte: instead of a length, that it follows in two bytes, or in eight. */
export const MEDIUM = 126;
export const LONG = 127;

/** Of a control frame (§5.5), payload; and what the second byte itself can tell. */
export const MOST_SHORT_BYTES = 125;
