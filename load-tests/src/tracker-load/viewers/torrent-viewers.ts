import type { WebSocket } from 'ws';
import { announceFrame, answerFrame, helloFrame, idIn, kindOf } from '../bare-frames.ts';
import { LatencyHistogram } from '../latency-histogram.ts';
import { offerCalls } from '../remote-calls.ts';
import { openSockets } from './open-sockets.ts';
import { steadily } from './steady-rate.ts';
import { announceText, answerText, newBinaryId, swarmName } from './torrent-messages.ts';

/**
 * Viewers of the WebTorrent dialect, all in this process: they announce with offers at a given rate, and answer every
 * offer that they get, as stock clients do.
 */

export interface TorrentPlan {
  readonly url: string;
  /** `bare`: frames for the relay that parses nothing. */
  readonly frames: 'json' | 'bare';
  readonly peers: number;
  readonly peersPerSwarm: number;
  readonly offersPerAnnounce: number;
}

export interface TorrentTally {
  readonly sent: number;
  readonly received: number;
  readonly offersSent: number;
  readonly offersRelayed: number;
  readonly answersRelayed: number;
  /** From the announce with an offer to the offer at its receiver, ms. */
  readonly offerMs: { readonly p50: number; readonly p99: number };
}

const emptyCounts = () => ({ sent: 0, received: 0, offersSent: 0, offersRelayed: 0, answersRelayed: 0 });

class TorrentViewers {
  readonly #plan: TorrentPlan;
  readonly #ids: readonly string[];
  readonly #sentAt = new Map<string, number>();
  #sockets: readonly WebSocket[] = [];
  #latency = new LatencyHistogram();
  #counts = emptyCounts();
  #next = 0;

  constructor(plan: TorrentPlan) {
    this.#plan = plan;
    this.#ids = Array.from({ length: plan.peers }, newBinaryId);
  }

  async open(): Promise<void> {
    const isBare = this.#plan.frames === 'bare';
    this.#sockets = await openSockets(this.#plan.url, [], this.#plan.peers, (socket, number) => {
      socket.on('message', (data: Buffer) => (isBare ? this.#receiveBare(number, data) : this.#receive(number, data)));
    });
    if (isBare) this.#sockets.forEach((socket, number) => void socket.send(helloFrame(number)));
  }

  /** One after the other, with or without offers. */
  announceNext(offers: number): void {
    const number = this.#next;
    this.#next = (number + 1) % this.#plan.peers;
    const offerIds = Array.from({ length: offers }, newBinaryId);
    const now = performance.now();
    for (const id of offerIds) this.#sentAt.set(id, now);
    this.#counts.offersSent += offerIds.length;
    if (this.#plan.frames === 'bare') this.#send(number, announceFrame(number, offerIds));
    else this.#send(number, announceText(this.#swarmOf(number), this.#ids[number] ?? '', offerIds));
  }

  take(): TorrentTally {
    const tally = { ...this.#counts, offerMs: this.#latency.quantiles() };
    this.#counts = emptyCounts();
    this.#latency = new LatencyHistogram();
    return tally;
  }

  #swarmOf(number: number): string {
    return swarmName(Math.floor(number / this.#plan.peersPerSwarm));
  }

  #send(number: number, data: string | Buffer): void {
    this.#counts.sent += 1;
    this.#sockets[number]?.send(data, { binary: false });
  }

  #offerArrived(offerId: string): void {
    const sentAt = this.#sentAt.get(offerId);
    if (sentAt !== undefined) this.#latency.add(performance.now() - sentAt);
    this.#sentAt.delete(offerId);
    this.#counts.offersRelayed += 1;
  }

  #receive(number: number, data: Buffer): void {
    this.#counts.received += 1;
    const message = JSON.parse(data.toString());
    if (message.answer) this.#counts.answersRelayed += 1;
    if (!message.offer) return;
    this.#offerArrived(message.offer_id);
    this.#send(number, answerText(message, this.#ids[number] ?? ''));
  }

  #receiveBare(number: number, data: Buffer): void {
    this.#counts.received += 1;
    const kind = kindOf(data);
    if (kind === 'answer') this.#counts.answersRelayed += 1;
    if (kind !== 'offer') return;
    this.#offerArrived(idIn(data));
    this.#send(number, answerFrame(data));
  }
}

let viewers: TorrentViewers;
let plan: TorrentPlan;
let stop: () => void = () => undefined;

const calls = {
  async open(given: TorrentPlan): Promise<void> {
    plan = given;
    viewers = new TorrentViewers(plan);
    await viewers.open();
  },
  announceAll(): void {
    for (let count = 0; count < plan.peers; count++) viewers.announceNext(0);
  },
  start(announcesPerSecond: number): void {
    stop = steadily(announcesPerSecond, () => viewers.announceNext(plan.offersPerAnnounce));
  },
  pause: (): void => stop(),
  take: (): TorrentTally => viewers.take(),
};

export type TorrentCalls = typeof calls;
offerCalls(calls);
