/** Whether these bytes stand at this place. */
export function isAt(message: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (message[at + index] !== bytes[index]) return false;
  return true;
}
