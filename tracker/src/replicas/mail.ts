import type { Clock } from '../clock.ts';
import type { Bus } from './bus.ts';
import type { Frame } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

export interface Letter {
  readonly from: NodeId;
  readonly frames: readonly Frame[];
}

export interface MailEvents {
  sent(frames: number): void;
  /** So many frames did not arrive. */
  lost(frames: number): void;
  /** Nobody listens there. */
  unreachable(node: NodeId): void;
  /** Nothing can be sent at all. */
  broken(): void;
}

/** With an SDP in each it is some 300 KB: far from what makes Redis drop a slow reader (8 MB for a minute). */
const MAX_FRAMES = 256;

interface Box {
  waiting: Frame[];
  isUnderWay: boolean;
}

/**
 * What is said to one replica in one go travels in one letter, and what is said while a letter is under way in the next:
 * the more there is to say, the fewer letters it takes (as with Nagle's algorithm, RFC 896).
 */
export class Mail {
  readonly #bus: Bus;
  readonly #from: () => NodeId;
  readonly #clock: Clock;
  readonly #events: MailEvents;
  readonly #boxes = new Map<NodeId, Box>();

  /** @param from under which name it is sent: the one at the time when it is */
  constructor(bus: Bus, from: () => NodeId, clock: Clock, events: MailEvents) {
    this.#bus = bus;
    this.#from = from;
    this.#clock = clock;
    this.#events = events;
  }

  send(to: NodeId, frame: Frame): void {
    const box = this.#boxes.get(to) ?? { waiting: [], isUnderWay: false };
    this.#boxes.set(to, box);
    box.waiting.push(frame);
    if (box.isUnderWay) return;
    box.isUnderWay = true;
    this.#clock.after(0, () => void this.#empty(to, box));
  }

  /** Resolves when nothing waits any more. */
  async #empty(to: NodeId, box: Box): Promise<void> {
    while (box.waiting.length > 0) await this.#post(to, box.waiting.splice(0, MAX_FRAMES));
    box.isUnderWay = false;
    this.#boxes.delete(to);
  }

  async #post(to: NodeId, frames: readonly Frame[]): Promise<void> {
    try {
      const isHeard = await this.#bus.publish(to, writeLetter({ from: this.#from(), frames }));
      if (isHeard) {
        this.#events.sent(frames.length);
        return;
      }
      this.#events.unreachable(to);
    } catch {
      this.#events.broken();
    }
    this.#events.lost(frames.length);
  }
}

const SIGNAL = '>';

/**
 * The sender, then a line for each frame: JSON, which has no line break in it. Signals are most of what is sent, and each is
 * text already: in JSON it would be escaped here and parsed there, for nothing.
 */
export function writeLetter({ from, frames }: Letter): string {
  const lines = frames.map((frame) =>
    frame.is === 'signal' ? `${SIGNAL}${frame.viewer} ${frame.from} ${frame.text}` : JSON.stringify(frame),
  );
  return [from, ...lines].join('\n');
}

/** @returns undefined for what no replica of this version has sent */
export function parseLetter(text: string): Letter | undefined {
  const [from, ...lines] = text.split('\n');
  if (from === undefined || lines.length === 0) return undefined;
  try {
    return { from, frames: lines.map(parseFrame) };
  } catch {
    return undefined;
  }
}

function parseFrame(line: string): Frame {
  if (!line.startsWith(SIGNAL)) return JSON.parse(line);
  const afterViewer = line.indexOf(' ');
  const afterFrom = line.indexOf(' ', afterViewer + 1);
  return {
    is: 'signal',
    viewer: line.slice(SIGNAL.length, afterViewer),
    from: line.slice(afterViewer + 1, afterFrom),
    text: line.slice(afterFrom + 1),
  };
}
