import type { Clock } from '../clock.ts';
import type { Bus } from './bus.ts';
import type { Frame } from './frames.ts';
import { writeLetter } from './letter.ts';
import type { NodeId } from './rendezvous.ts';

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

/**
 * Between two letters to one replica, ms: each is a round trip to Redis, and wakes up the process there and here, which costs as much as
 * dozens of words (docs/decisions/0081). Whoever joins waits three of these at most until its first signal has arrived, and plays from the
 * edge the while; a letter that follows none waits for nothing.
 */
const GATHER_MS = 25;

/**
 * What is said to one replica in one go travels in one letter, and what is said within the next few milliseconds in the next:
 * the more there is to say, the fewer letters it takes.
 */
export class Mail {
  readonly #bus: Pick<Bus, 'publish'>;
  readonly #from: () => NodeId;
  readonly #clock: Clock;
  readonly #events: MailEvents;
  readonly #boxes = new Map<NodeId, Frame[]>();

  /** @param from under which name it is sent: the one at the time when it is */
  constructor(bus: Pick<Bus, 'publish'>, from: () => NodeId, clock: Clock, events: MailEvents) {
    this.#bus = bus;
    this.#from = from;
    this.#clock = clock;
    this.#events = events;
  }

  send(to: NodeId, frame: Frame): void {
    const box = this.#boxes.get(to);
    if (box) box.push(frame);
    else {
      const opened = [frame];
      this.#boxes.set(to, opened);
      this.#clock.after(0, () => void this.#serve(to, opened));
    }
  }

  /** Resolves when nothing was said for a while. */
  async #serve(to: NodeId, waiting: Frame[]): Promise<void> {
    while (waiting.length > 0) {
      const gathered = new Promise<void>((resolve) => this.#clock.after(GATHER_MS, resolve));
      do await this.#post(to, waiting.splice(0, MAX_FRAMES));
      while (waiting.length >= MAX_FRAMES);
      await gathered;
    }
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
