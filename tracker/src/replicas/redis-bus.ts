import { failureSentence } from '@nearcast/service-kit';
import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../clock.ts';
import type { Bus, BusEvents } from './bus.ts';
import { WIRE_VERSION } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

export interface RedisBusDeps {
  readonly clock: Clock;
  /** One command, answered or not. */
  readonly asked: () => void;
}

/** Three beats may be missed, ms. */
const LEASE_MS = 4000;
/** What Redis has not answered by then it will not answer in time for anybody, ms. */
const ANSWER_WITHIN_MS = 1500;
/** Every beat comes back over the own channel; without it the subscription is dead though its socket may not know, ms. */
const HEAR_WITHIN_MS = 4000;

const PREFIX = `nearcast:${WIRE_VERSION}`;
const MEMBERS = `${PREFIX}:replicas`;
const EVERYBODY = `${PREFIX}:everybody`;
const channelOf = (node: NodeId) => `${PREFIX}:replica:${node}`;

const MEMBERS_CHANGED = 'members';
const BLOCKED_CHANGED = 'blocked';

/** Of every version: what is blocked stays blocked over an upgrade. No expiry, or a full Redis might forget it. */
const BLOCKED = 'nearcast:blocked';
/** Of every version, too: a token that was used stays used over an upgrade. */
const USED = 'nearcast:used';
const SECRET = `${PREFIX}:secret`;
/** Says that Redis knows what is blocked, even if that is nothing. */
const BLOCKED_KNOWN = 'nearcast:blocked:known';

/**
 * The lease, its end, everybody's, in one round trip and by Redis' own clock: clocks of replicas may differ.
 * A lease is only for who can be reached: PUBLISH returns how many listen.
 */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local changed = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[4] ~= '' then changed = changed + redis.call('ZREM', KEYS[1], ARGV[4]) end
if redis.call('PUBLISH', ARGV[3], '') == 0 then
  changed = changed + redis.call('ZREM', KEYS[1], ARGV[1])
else
  changed = changed + redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if changed > 0 then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return redis.call('ZRANGE', KEYS[1], 0, -1)`;

const END = `
if redis.call('ZREM', KEYS[1], ARGV[1]) > 0 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end`;

const LIST_BLOCKED = `
if ARGV[1] and redis.call('SETNX', KEYS[2], '1') == 1 then
  for _, swarm in ipairs(cjson.decode(ARGV[1])) do redis.call('SADD', KEYS[1], swarm) end
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return redis.call('SMEMBERS', KEYS[1])`;

const SET_BLOCKED = `
redis.call('SET', KEYS[2], '1')
if redis.call(ARGV[1], KEYS[1], ARGV[2]) > 0 then redis.call('PUBLISH', ARGV[3], ARGV[4]) end`;

/** Two connections, as a subscribed one can do nothing else. */
export class RedisBus implements Bus {
  readonly #deps: RedisBusDeps;
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  #listensTo: string | undefined;
  #heardAt: number;
  #problem = 'nothing is heard of it';

  constructor(url: string, events: BusEvents, deps: RedisBusDeps) {
    this.#deps = deps;
    this.#heardAt = deps.clock.now();
    this.#commands = new Redis(url, {
      ...options,
      commandTimeout: ANSWER_WITHIN_MS,
      socketTimeout: 2 * ANSWER_WITHIN_MS,
    });
    // Whoever was cut off comes back under another name, and listens to another channel.
    this.#subscriber = new Redis(url, { ...options, autoResubscribe: false });
    for (const connection of [this.#commands, this.#subscriber]) {
      // Followed by `close`, where the connection is lost.
      connection.on('error', (error: Error) => {
        this.#problem = failureSentence(error);
      });
      connection.on('close', () => events.broken());
    }
    this.#subscriber.on('message', (channel: string, text: string) => {
      this.#heardAt = deps.clock.now();
      if (channel === EVERYBODY && text === BLOCKED_CHANGED) events.blockedChanged();
      else if (channel === EVERYBODY) events.membersChanged();
      else if (channel === this.#listensTo && text !== '') events.mail(text);
    });
  }

  async listen(self: NodeId): Promise<void> {
    const former = this.#listensTo;
    this.#listensTo = channelOf(self);
    await Promise.all([this.#commands, this.#subscriber].map((connection) => settled(connection, this.#deps.clock)));
    await this.#subscriber.subscribe(this.#listensTo, EVERYBODY);
    if (former !== undefined) await this.#subscriber.unsubscribe(former);
    this.#heardAt = this.#deps.clock.now();
  }

  async beat(self: NodeId, former?: NodeId): Promise<readonly NodeId[]> {
    this.#deps.asked();
    const given = [self, LEASE_MS, channelOf(self), former ?? '', EVERYBODY, MEMBERS_CHANGED];
    const members = await this.#commands.eval(BEAT, 1, MEMBERS, ...given);
    if (this.#deps.clock.now() - this.#heardAt > HEAR_WITHIN_MS) this.#subscriber.disconnect(true);
    return texts(members);
  }

  async end(node: NodeId): Promise<void> {
    this.#deps.asked();
    await this.#commands.eval(END, 1, MEMBERS, node, EVERYBODY, MEMBERS_CHANGED);
  }

  async publish(to: NodeId, text: string): Promise<boolean> {
    this.#deps.asked();
    return (await this.#commands.publish(channelOf(to), text)) > 0;
  }

  async blocked(known?: readonly string[]): Promise<readonly string[]> {
    this.#deps.asked();
    const given = known === undefined ? [] : [JSON.stringify(known), EVERYBODY, BLOCKED_CHANGED];
    return texts(await this.#commands.eval(LIST_BLOCKED, 2, BLOCKED, BLOCKED_KNOWN, ...given));
  }

  async setBlocked(swarm: string, isBlocked: boolean): Promise<void> {
    this.#deps.asked();
    const change = isBlocked ? 'SADD' : 'SREM';
    await this.#commands.eval(SET_BLOCKED, 2, BLOCKED, BLOCKED_KNOWN, change, swarm, EVERYBODY, BLOCKED_CHANGED);
  }

  async takeToken(token: string, forMs: number): Promise<boolean> {
    this.#deps.asked();
    return (await this.#commands.set(`${USED}:${token}`, '', 'PX', Math.max(1, Math.ceil(forMs)), 'NX')) !== null;
  }

  async secret(ours: string): Promise<string> {
    this.#deps.asked();
    await settled(this.#commands, this.#deps.clock);
    await this.#commands.set(SECRET, ours, 'NX');
    return (await this.#commands.get(SECRET)) ?? ours;
  }

  problem(): string {
    return this.#problem;
  }

  close(): void {
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }
}

const options = {
  // Signals are of no use later: what cannot be sent now is lost, and counted.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: ANSWER_WITHIN_MS,
  commandTimeout: ANSWER_WITHIN_MS,
  retryStrategy: (times: number) => Math.min(100 * times, 1000),
} satisfies RedisOptions;

/** Until it is connected or has failed to be; a host that says nothing is tried anew. */
function settled(connection: Redis, clock: Clock): Promise<void> {
  if (connection.status !== 'connecting' && connection.status !== 'connect') return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      connection.off('ready', done);
      connection.off('close', done);
      giveUp();
      resolve();
    };
    const giveUp = clock.after(ANSWER_WITHIN_MS, () => connection.disconnect(true));
    connection.on('ready', done);
    connection.on('close', done);
  });
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((member) => typeof member === 'string') : [];
}
