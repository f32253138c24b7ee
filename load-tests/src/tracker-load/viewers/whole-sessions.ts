import { monitorEventLoopDelay } from 'node:perf_hooks';
import { offerCalls } from '../remote-calls.ts';
import { NearcastSession } from './nearcast-session.ts';
import type { Session } from './session.ts';
import { swarmName } from './torrent-messages.ts';
import { TorrentSession } from './torrent-session.ts';

/** An audience of constant size whose viewers come and go, each for a stay of its own. */

export interface AudiencePlan {
  /** Viewers of one swarm are at all of them. */
  readonly urls: readonly string[];
  readonly dialect: 'webtorrent' | 'nearcast';
  readonly viewersPerSwarm: number;
  readonly meanStayMs: number;
  /** How much faster than life time passes. */
  readonly scale: number;
}

export interface AudienceTally {
  readonly messages: number;
  readonly sessions: number;
  /** How late this process was on average: a crowd that is late says less than it should. */
  readonly lateMs: number;
}

const RESOLUTION_MS = 10;
/** Counts its own resolution, too. */
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

let counts = { messages: 0, sessions: 0 };
const everybody = new Map<string, NearcastSession>();
const countMessages = (messages: number) => {
  counts.messages += messages;
};

function begin(plan: AudiencePlan, place: number): void {
  const swarm = swarmName(Math.floor(place / plan.viewersPerSwarm));
  const url = plan.urls[place % plan.urls.length] ?? '';
  const session: Session =
    plan.dialect === 'nearcast'
      ? new NearcastSession(url, `https://edge.example.com/${swarm}`, everybody, plan, countMessages)
      : new TorrentSession(url, swarm, plan, countMessages);
  // Whoever is in the middle of an exponential stay has as much before it as a newcomer: the audience is steady at once.
  const stayMs = -Math.log(1 - Math.random()) * plan.meanStayMs;
  setTimeout(() => {
    session.end();
    counts.sessions += 1;
    begin(plan, place);
  }, stayMs / plan.scale);
}

const calls = {
  /** Those at these places come within `spreadMs`. */
  async add(plan: AudiencePlan, from: number, to: number, spreadMs: number): Promise<void> {
    for (let place = from; place < to; place++) {
      setTimeout(() => begin(plan, place), (spreadMs * (place - from)) / (to - from));
    }
  },
  take(): AudienceTally {
    const tally = { ...counts, lateMs: Math.max(0, delay.mean / 1e6 - RESOLUTION_MS) };
    counts = { messages: 0, sessions: 0 };
    delay.reset();
    return tally;
  },
};

export type AudienceCalls = typeof calls;
offerCalls(calls);
