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
const MAX_FRAMES = 64;

/** What is said to one replica in one go travels in one letter. */
export class Mail {
  readonly #bus: Bus;
  readonly #from: () => NodeId;
  readonly #clock: Clock;
  readonly #events: MailEvents;
  readonly #waiting = new Map<NodeId, Frame[]>();
  #isScheduled = false;

  /** @param from under which name it is sent: the one at the time when it is */
  constructor(bus: Bus, from: () => NodeId, clock: Clock, events: MailEvents) {
    this.#bus = bus;
    this.#from = from;
    this.#clock = clock;
    this.#events = events;
  }

  send(to: NodeId, frame: Frame): void {
    const waiting = this.#waiting.get(to);
    if (waiting) waiting.push(frame);
    else this.#waiting.set(to, [frame]);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(0, () => this.flush());
  }

  flush(): void {
    const from = this.#from();
    this.#isScheduled = false;
    const letters = [...this.#waiting];
    this.#waiting.clear();
    for (const [to, frames] of letters) {
      for (let at = 0; at < frames.length; at += MAX_FRAMES) {
        void this.#post(to, { from, frames: frames.slice(at, at + MAX_FRAMES) });
      }
    }
  }

  async #post(to: NodeId, letter: Letter): Promise<void> {
    const count = letter.frames.length;
    try {
      const isHeard = await this.#bus.publish(to, writeLetter(letter));
      if (isHeard) {
        this.#events.sent(count);
        return;
      }
      this.#events.unreachable(to);
    } catch {
      this.#events.broken();
    }
    this.#events.lost(count);
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
