import type { Duplex } from 'node:stream';
import { MAX_SIGNALLING_BYTES } from '@nearcast/protocol';
import { ClientFrames, Scratch } from './client-frames.ts';

type Listener = (chunk: Buffer) => void;

const scratch = new Scratch(MAX_SIGNALLING_BYTES);

export interface Heard {
  text(text: string): void;
  pong(): void;
}

/**
 * Takes the reading of text messages and pongs over from `ws`, which goes on with everything else: it is given pings as they come,
 * and the whole stream from the first other frame on.
 * @param stream what `ws` was handed, before it has read anything
 */
export function readTexts(stream: Duplex, heard: Heard): void {
  const [toLibrary, ...others] = stream.listeners('data') as Listener[];
  // Another version of it may read otherwise; then it reads everything.
  if (!toLibrary || others.length > 0) return;
  const pass = (bytes: Buffer) => toLibrary.call(stream, bytes);
  const frames = new ClientFrames(MAX_SIGNALLING_BYTES, scratch, {
    text: heard.text,
    pong: heard.pong,
    ping: pass,
    rest(bytes) {
      stream.off('data', read);
      stream.on('data', toLibrary);
      pass(bytes);
    },
  });
  const read = (chunk: Buffer) => frames.push(chunk);
  stream.off('data', toLibrary);
  stream.on('data', read);
}
