import { randomBytes } from 'node:crypto';

const ID_BYTES = 9;
const IDS_AT_ONCE = 256;

/** Names that nobody can guess. Chance costs little by the byte, and most for being asked. */
export function randomIds(): () => string {
  let bytes = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === bytes.length) {
      bytes = randomBytes(ID_BYTES * IDS_AT_ONCE);
      at = 0;
    }
    at += ID_BYTES;
    return bytes.toString('base64url', at - ID_BYTES, at);
  };
}
