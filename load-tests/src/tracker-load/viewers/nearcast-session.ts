import { SIGNALLING_SUBPROTOCOL, type TrackerMessage } from '@nearcast/protocol';
import { candidateText, descriptionText, joinText, reportText, updateText } from './nearcast-messages.ts';
import { type Pace, Session } from './session.ts';

/** Below that many neighbours a viewer asks for more, at most so often (the player's own figures). */
const ENOUGH_NEIGHBOURS = 6;
const ASK_EVERY_MS = 5000;
/** The player's own figure. */
const FIRST_REPORT_MS = 10_000;
/**
 * What a line carries is learned at first, and changes seldom then: what is nearly as before waits for a report. Counted in the
 * simulator, 30 viewers on mixed and on home lines for twelve minutes: 1.7 and 1.5 updates in the first minute by themselves, then 0.6
 * and 0.5 with the second report, and 0.03 and 0.04 with each later one.
 */
const FIRST_UPDATES_MS = [13_000, 25_000];
const UPDATES_WITH_SECOND_REPORT = 0.6;
const UPDATES_WITH_LATER_REPORTS = 0.05;

/** Of descriptions that a candidate follows: half trickle has all that is gathered within 100 ms in the description. */
const LATE_CANDIDATES_SHARE = 0.1;

/** How messages of the tracker begin. */
const SIGNAL_FROM = '{"type":"signal","from":"';
const OFFER = '","signal":{"description":{"type":"offer"';
const DUTY = '{"type":"duty"';

/** A viewer of our player: it describes itself to neighbours, reports as often as it is told to, and asks for neighbours it lacks. */
export class NearcastSession extends Session {
  readonly #swarm: string;
  /** Viewers by name, for whoever leaves is missed by its neighbours through their own connections. */
  readonly #everybody: Map<string, NearcastSession>;
  readonly #neighbours = new Set<string>();
  #name = '';
  #isAsking = false;
  /** When it last reported, or came. */
  #reportedAt = performance.now();

  constructor(
    url: string,
    swarm: string,
    everybody: Map<string, NearcastSession>,
    pace: Pace,
    counted: (messages: number) => void,
  ) {
    super(url, [SIGNALLING_SUBPROTOCOL], pace, counted);
    this.#swarm = swarm;
    this.#everybody = everybody;
  }

  override end(): void {
    this.#report(Math.round((performance.now() - this.#reportedAt) * this.pace.scale));
    this.#everybody.delete(this.#name);
    for (const neighbour of this.#neighbours) this.#everybody.get(neighbour)?.misses(this.#name);
    super.end();
  }

  /** A neighbour's connection has ended. */
  misses(neighbour: string): void {
    this.#neighbours.delete(neighbour);
    this.#askSoon(ASK_EVERY_MS * Math.random());
  }

  protected override opened(): void {
    this.send(joinText(this.#swarm));
  }

  /** Only what it must know is read: a generator that parses every message is what is measured. */
  protected override received(text: string): void {
    if (text.startsWith(SIGNAL_FROM)) {
      const from = text.slice(SIGNAL_FROM.length, text.indexOf('"', SIGNAL_FROM.length));
      if (text.startsWith(OFFER, SIGNAL_FROM.length + from.length)) this.#signal(from, 'answer');
    } else if (!text.startsWith(DUTY)) this.#heard(JSON.parse(text));
  }

  #heard(message: TrackerMessage): void {
    if (message.type === 'welcome') this.#welcomed(message.viewer, message.reportEveryMs);
    if (message.type !== 'introduce') return;
    this.#neighbours.add(message.peer);
    if (message.initiate) this.#signal(message.peer, 'offer');
  }

  #welcomed(name: string, reportEveryMs: number): void {
    this.#name = name;
    this.#everybody.set(name, this);
    const firstMs = Math.min(FIRST_REPORT_MS, reportEveryMs);
    let updates = UPDATES_WITH_SECOND_REPORT;
    this.after(firstMs, () => {
      this.#report(firstMs);
      this.every(reportEveryMs, () => {
        if (Math.random() < updates) this.send(updateText());
        updates = UPDATES_WITH_LATER_REPORTS;
        this.#report(reportEveryMs);
      });
    });
    for (const ms of FIRST_UPDATES_MS) this.after(ms, () => this.send(updateText()));
    this.#askSoon(ASK_EVERY_MS);
  }

  /** As long as neighbours are missing. */
  #askSoon(afterMs: number): void {
    if (this.#isAsking || this.#neighbours.size >= ENOUGH_NEIGHBOURS) return;
    this.#isAsking = true;
    this.after(afterMs, () => {
      this.#isAsking = false;
      const missing = ENOUGH_NEIGHBOURS - this.#neighbours.size;
      if (missing > 0) this.send(JSON.stringify({ type: 'want', peers: missing }));
      this.#askSoon(ASK_EVERY_MS);
    });
  }

  #report(coversMs: number): void {
    this.#reportedAt = performance.now();
    this.send(reportText([...this.#neighbours], coversMs));
  }

  #signal(to: string, type: 'offer' | 'answer'): void {
    this.send(descriptionText(to, type));
    if (Math.random() < LATE_CANDIDATES_SHARE) this.send(candidateText(to));
  }
}
