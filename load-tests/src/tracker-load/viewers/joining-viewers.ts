import { SIGNALLING_SUBPROTOCOL } from '@nearcast/protocol';
import type { WebSocket } from 'ws';
import { LatencyHistogram } from '../latency-histogram.ts';
import { offerCalls } from '../remote-calls.ts';
import { descriptionText, joinText } from './nearcast-messages.ts';
import { openSockets } from './open-sockets.ts';
import { steadily } from './steady-rate.ts';

/** Connected viewers that join one swarm, or leave it and join again, at a given rate. */

export interface JoinTally {
  readonly joins: number;
  readonly leaves: number;
  readonly received: number;
  readonly introductions: number;
  /** From the join to the first introduction, ms. */
  readonly introduceMs: { readonly p50: number; readonly p99: number };
}

const emptyCounts = () => ({ joins: 0, leaves: 0, received: 0, introductions: 0 });

let sockets: readonly WebSocket[] = [];
let latency = new LatencyHistogram();
let counts = emptyCounts();
let size = 0;
let exchangesDescriptions = false;
const joinedAt: number[] = [];
const join = joinText('https://edge.example.com/movie/master.m3u8');
const leave = JSON.stringify({ type: 'leave' });

function receive(number: number, data: Buffer): void {
  counts.received += 1;
  // Cheaper than to parse it: `{"type":"introduce"`.
  const isIntroduction = data[9] === 0x69;
  if (!isIntroduction && !exchangesDescriptions) return;
  if (isIntroduction) introduced(number);
  if (exchangesDescriptions) signal(number, JSON.parse(data.toString()));
}

function introduced(number: number): void {
  counts.introductions += 1;
  const since = joinedAt[number];
  if (since === undefined) return;
  latency.add(performance.now() - since);
  delete joinedAt[number];
}

function signal(
  number: number,
  message: { type: string; peer: string; initiate: boolean; from: string; signal: object },
) {
  const { type, peer, from } = message;
  if (type === 'introduce' && message.initiate) sockets[number]?.send(descriptionText(peer, 'offer'));
  else if (type === 'signal' && JSON.stringify(message.signal).includes('"offer"'))
    sockets[number]?.send(descriptionText(from, 'answer'));
}

function joinOne(number: number): void {
  counts.joins += 1;
  if (size > 0) joinedAt[number] = performance.now();
  sockets[number]?.send(join);
}

/** Resolves when the swarm has grown to `target`. */
function growTo(target: number, perSecond: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = steadily(perSecond, () => {
      if (size < target) joinOne(size++);
      if (size < target) return;
      stop();
      resolve();
    });
  });
}

/** So often, one of those in the swarm leaves and joins again. */
function churn(times: number, perSecond: number): Promise<void> {
  let done = 0;
  return new Promise((resolve) => {
    const stop = steadily(perSecond, () => {
      if (done === times) return;
      const number = Math.floor(Math.random() * size);
      counts.leaves += 1;
      sockets[number]?.send(leave);
      joinOne(number);
      done += 1;
      if (done < times) return;
      stop();
      resolve();
    });
  });
}

const calls = {
  async open(url: string, count: number): Promise<void> {
    sockets = await openSockets(url, [SIGNALLING_SUBPROTOCOL], count, (socket, number) => {
      socket.on('message', (data: Buffer) => receive(number, data));
    });
  },
  growTo: (target: number, perSecond: number): Promise<void> => growTo(target, perSecond),
  churn: (times: number, perSecond: number): Promise<void> => churn(times, perSecond),
  exchangeDescriptions(does: boolean): void {
    exchangesDescriptions = does;
  },
  take(): JoinTally {
    const tally = { ...counts, introduceMs: latency.quantiles() };
    counts = emptyCounts();
    latency = new LatencyHistogram();
    return tally;
  },
};

export type JoinCalls = typeof calls;
offerCalls(calls);
