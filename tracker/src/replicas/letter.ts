import type { Urgency } from '../gateway/outgoing-texts.ts';
import type { Frame } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

export interface Letter {
  readonly from: NodeId;
  readonly frames: readonly Frame[];
}

/** How the lines of what is text already begin. Names have no spaces in them. */
const SIGNAL = '>';
const TELL = '=';
const INTRODUCE = '+';

/**
 * The sender, then a line for each frame: JSON, which has no line break in it. What goes out to a viewer is most of what is sent,
 * and is text already: in JSON it would be escaped here and parsed there, for nothing.
 */
export function writeLetter({ from, frames }: Letter): string {
  let letter = from;
  for (const frame of frames) letter += `\n${lineOf(frame)}`;
  return letter;
}

function lineOf(frame: Frame): string {
  switch (frame.is) {
    case 'signal':
      return `${SIGNAL}${frame.viewer} ${frame.from} ${frame.text}`;
    case 'tell':
      return `${TELL}${frame.viewer} ${frame.text}`;
    case 'introduce':
      return `${INTRODUCE}${frame.viewer} ${frame.peer} ${frame.at} ${frame.urgency} ${frame.text}`;
    default:
      return JSON.stringify(frame);
  }
}

/** @returns undefined for what no replica of this version has sent */
export function parseLetter(text: string): Letter | undefined {
  const [from, ...lines] = text.split('\n');
  if (from === undefined || lines.length === 0) return undefined;
  try {
    return { from, frames: lines.map(parseLine) };
  } catch {
    return undefined;
  }
}

function parseLine(line: string): Frame {
  switch (line[0]) {
    case SIGNAL: {
      const [viewer = '', from = ''] = words(line, 2);
      return { is: 'signal', viewer, from, text: textAfter(line, viewer, from) };
    }
    case TELL: {
      const [viewer = ''] = words(line, 1);
      return { is: 'tell', viewer, text: textAfter(line, viewer) };
    }
    case INTRODUCE: {
      const [viewer = '', peer = '', at = '', urgency = ''] = words(line, 4);
      const text = textAfter(line, viewer, peer, at, urgency);
      return { is: 'introduce', viewer, peer, at, urgency: urgency as Urgency, text };
    }
    default:
      return JSON.parse(line);
  }
}

/** The first ones after the mark. */
function words(line: string, count: number): string[] {
  const found: string[] = [];
  let from = 1;
  for (let word = 0; word < count; word++) {
    const end = line.indexOf(' ', from);
    found.push(line.slice(from, end));
    from = end + 1;
  }
  return found;
}

/** What follows the mark, and these with a space after each. */
function textAfter(line: string, ...before: readonly string[]): string {
  return line.slice(before.reduce((at, word) => at + word.length + 1, 1));
}
