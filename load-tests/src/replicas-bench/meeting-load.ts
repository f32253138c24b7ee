import { parseTrackerMessage, type Signal, type ViewerMessage } from '@nearcast/protocol';

export interface MeetingLoad {
  readonly joinsPerSecond: number;
  readonly seconds: number;
  readonly viewersPerSwarm: number;
}

export interface MeetingResult {
  readonly joins: number;
  /** From an offer to its answer, ms, sorted. */
  readonly answeredMs: readonly number[];
  readonly unanswered: number;
}

/** As long as Chromium's with one data channel and its candidates in it is about 600; with a few media lines 2,000. */
const SDP_BYTES = 1200;
const CANDIDATES = 3;
/** What has not been answered by then is lost, ms. */
const LAST_ANSWER_MS = 5000;

const sdp = 'v'.padEnd(SDP_BYTES, '=');
const candidate: Signal = {
  candidate: { candidate: 'candidate:1 1 udp 2113937151 3f1b2c4d-0000.local 54321 typ host generation 0 ufrag abcd' },
};

/** Viewers who join one after another, in time whatever happens, and signal with everybody that they are introduced to. */
export async function runMeetings(ports: readonly number[], load: MeetingLoad): Promise<MeetingResult> {
  const joins = load.joinsPerSecond * load.seconds;
  const run = `run-${Math.random()}`;
  const viewers: Viewer[] = [];
  const began = performance.now();
  for (let index = 0; index < joins; index++) {
    const dueMs = began + (index * 1000) / load.joinsPerSecond - performance.now();
    if (dueMs > 0) await after(dueMs);
    const swarm = `${run}-${Math.floor(index / load.viewersPerSwarm)}`;
    viewers.push(new Viewer(ports[index % ports.length] as number, swarm));
  }
  const lastAnswer = performance.now() + LAST_ANSWER_MS;
  const unanswered = () => viewers.reduce((total, viewer) => total + viewer.unanswered, 0);
  do await after(100);
  while (unanswered() > 0 && performance.now() < lastAnswer);
  const answeredMs = viewers.flatMap((viewer) => viewer.answeredMs).sort((a, b) => a - b);
  const result = { joins, answeredMs, unanswered: unanswered() };
  await Promise.all(viewers.map((viewer) => viewer.close()));
  return result;
}

class Viewer {
  readonly answeredMs: number[] = [];
  readonly #offeredAt = new Map<string, number>();
  readonly #socket: WebSocket;

  constructor(port: number, swarm: string) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`, 'nearcast.1');
    this.#socket.addEventListener('open', () => this.#say({ type: 'join', swarm, engine: 'swarm', upload: true }));
    this.#socket.addEventListener('message', ({ data }) => this.#hear(String(data)));
  }

  get unanswered(): number {
    return this.#offeredAt.size;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.addEventListener('close', resolve));
    this.#socket.close();
    await closed;
  }

  #hear(text: string): void {
    const message = parseTrackerMessage(text);
    if (message?.type === 'introduce' && message.initiate) {
      this.#offeredAt.set(message.peer, performance.now());
      this.#describe('offer', message.peer);
    }
    if (message?.type !== 'signal' || !('description' in message.signal)) return;
    if (message.signal.description.type === 'offer') this.#describe('answer', message.from);
    else this.#answered(message.from);
  }

  #answered(peer: string): void {
    const offeredAt = this.#offeredAt.get(peer);
    if (offeredAt === undefined) return;
    this.answeredMs.push(performance.now() - offeredAt);
    this.#offeredAt.delete(peer);
  }

  #describe(type: 'offer' | 'answer', to: string): void {
    this.#say({ type: 'signal', to, signal: { description: { type, sdp } } });
    for (let count = 0; count < CANDIDATES; count++) this.#say({ type: 'signal', to, signal: candidate });
  }

  #say(message: ViewerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
