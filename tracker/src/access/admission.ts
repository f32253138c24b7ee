import type { TrackerMessage, ViewerMessage } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import { type AdmittedMessage, trackerError } from '../dialects/nearcast.ts';
import type { ConnectionId } from '../swarm/viewer-swarms.ts';
import type { IntroductionBudget } from './introduction-budget.ts';
import { IntroductionLedger } from './introduction-ledger.ts';
import type { JoinTokens, TokenProblem, TokenVerdict } from './join-tokens.ts';
import type { TokenTerms } from './token-terms.ts';

type Join = Extract<ViewerMessage, { type: 'join' }>;
export type JoinProblem = TokenProblem | 'undecided' | 'unsealed' | 'too-many' | 'swarm-busy';

export interface AdmissionDeps {
  readonly clock: Clock;
  /** Per viewer and hour; 0 is no limit. */
  readonly maxIntroductions: number;
  /** Without it nobody needs a token. */
  readonly tokens: JoinTokens | undefined;
  /** Whether this connection's address may join once more now. */
  readonly mayJoin: (connection: ConnectionId) => boolean;
  /** What this connection's address counts as in limits. */
  readonly networkOf: (connection: ConnectionId) => string | undefined;
  /** Whether this swarm can take one more now. */
  readonly hasRoom: (swarm: string) => boolean;
  /** Whether there can be a swarm of this id. */
  readonly isSwarm: (swarm: string) => boolean;
  /** The message may be obeyed. */
  readonly pass: (from: ConnectionId, message: AdmittedMessage) => void;
  readonly tell: (to: ConnectionId, message: TrackerMessage) => void;
  readonly refused: (because: JoinProblem) => void;
  /** Not now: the viewer is to come back. */
  readonly sendAway: (connection: ConnectionId) => void;
}

interface Stay {
  readonly terms: TokenTerms;
  readonly swarm: string;
  /** In the clock's time. */
  readonly endsAt: number;
  readonly stopWaiting: () => void;
}

interface Visit {
  stay: Stay | undefined;
  /** What came while a token is looked at; undefined while none is. */
  waiting: ViewerMessage[] | undefined;
  /** Told to go: what it still says of the swarm is no error of its. */
  turnedAway: boolean;
}

/** Before a viewer is admitted it has little to say; a token takes milliseconds, or seconds when keys are fetched first. */
const MAX_WAITING = 64;

/** Timers count in 31 bits; a longer stay is looked at again. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** [S10] Lets viewers in by their tokens, holds them to what these say, and shows them out at the end. */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #introductions: IntroductionLedger;
  readonly #visits = new Map<ConnectionId, Visit>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#introductions = new IntroductionLedger(deps.maxIntroductions);
  }

  /** Passes the message on, now or when the tokens before it have been looked at. */
  receive(from: ConnectionId, message: ViewerMessage): void {
    if (message.type === 'join' && !this.#mayTry(from, message)) return;
    if (!this.#deps.tokens) {
      if (message.type === 'join' && !this.#takeJoin(from, undefined)) return;
      if (message.type !== 'renew') this.#pass(from, message);
      return;
    }
    const visit = this.#visits.get(from) ?? { stay: undefined, waiting: undefined, turnedAway: false };
    this.#visits.set(from, visit);
    if (visit.waiting === undefined) this.#take(from, visit, message, this.#deps.tokens);
    else if (visit.waiting.length < MAX_WAITING) visit.waiting.push(message);
    else this.#deps.tell(from, trackerError('too-many', 'too many messages before the token was looked at'));
  }

  /** A join that is turned down here changes nothing: a viewer that is in a swarm stays in it. */
  #mayTry(from: ConnectionId, { swarm }: Join): boolean {
    const { isSwarm, mayJoin, hasRoom, refused, tell, sendAway } = this.#deps;
    if (!isSwarm(swarm)) {
      refused('unsealed');
      tell(from, trackerError('no-such-swarm', 'the id of the swarm is not sealed with a key of this site'));
      return false;
    }
    if (!mayJoin(from)) {
      refused('too-many');
      tell(from, trackerError('too-many', 'too many joins from this address; come back in a minute'));
      return false;
    }
    if (hasRoom(swarm)) return true;
    refused('swarm-busy');
    sendAway(from);
    return false;
  }

  #takeJoin(from: ConnectionId, subject: string | undefined): boolean {
    const { clock, refused, tell } = this.#deps;
    if (this.#budgetOf(from, subject).takeJoin(clock.now())) return true;
    refused('too-many');
    tell(from, trackerError('too-many', 'too many joins of this viewer; come back later'));
    return false;
  }

  /** Where it asks to meet others, as many as it may. */
  #pass(from: ConnectionId, message: AdmittedMessage): void {
    const { clock, pass } = this.#deps;
    if (message.type !== 'want') {
      pass(from, message);
      return;
    }
    const budget = this.#budgetOf(from, this.#visits.get(from)?.stay?.terms.subject);
    const peers = budget.take(message.peers, clock.now());
    if (peers > 0) pass(from, { ...message, peers });
  }

  #budgetOf(connection: ConnectionId, subject: string | undefined): IntroductionBudget {
    const { clock, networkOf } = this.#deps;
    return this.#introductions.budgetOf(connection, { subject, network: networkOf(connection) }, clock.now());
  }

  /** What the welcome says of the token. */
  expiresInMs(connection: ConnectionId): number | undefined {
    const stay = this.#visits.get(connection)?.stay;
    return stay && Math.max(0, stay.endsAt - this.#deps.clock.now());
  }

  regionOf(connection: ConnectionId): string | undefined {
    return this.#visits.get(connection)?.stay?.terms.region;
  }

  forget(connection: ConnectionId): void {
    this.#introductions.closed(connection, this.#deps.clock.now());
    const visit = this.#visits.get(connection);
    if (visit) this.#end(visit);
    this.#visits.delete(connection);
  }

  stop(): void {
    for (const connection of [...this.#visits.keys()]) this.forget(connection);
  }

  #take(from: ConnectionId, visit: Visit, message: ViewerMessage, tokens: JoinTokens): void {
    switch (message.type) {
      case 'join':
        visit.waiting = [];
        void tokens.checkFor(message.swarm, message.token).then((verdict) => {
          this.#resume(from, visit, tokens, () => this.#join(from, visit, message, verdict));
        });
        break;
      case 'renew':
        if (!visit.stay) break;
        visit.waiting = [];
        void tokens.checkFor(visit.stay.swarm, message.token).then((verdict) => {
          this.#resume(from, visit, tokens, () => this.#renew(from, visit, verdict));
        });
        break;
      case 'update':
        if (!visit.turnedAway) this.#deps.pass(from, { ...message, upload: message.upload && mayUpload(visit) });
        break;
      case 'leave':
        this.#end(visit);
        this.#deps.pass(from, message);
        break;
      default:
        if (!visit.turnedAway) this.#pass(from, message);
    }
  }

  #resume(from: ConnectionId, visit: Visit, tokens: JoinTokens, decide: () => void): void {
    // It may have gone in the meantime.
    if (this.#visits.get(from) !== visit) return;
    const waiting = visit.waiting ?? [];
    visit.waiting = undefined;
    decide();
    for (const [index, message] of waiting.entries()) {
      this.#take(from, visit, message, tokens);
      if (visit.waiting === undefined) continue;
      (visit.waiting as ViewerMessage[]).push(...waiting.slice(index + 1));
      return;
    }
  }

  #join(from: ConnectionId, visit: Visit, join: Join, verdict: TokenVerdict): void {
    if (verdict.is !== 'good') {
      // A second join leaves the first swarm, whatever becomes of it.
      this.#showOut(from, visit, verdict);
      return;
    }
    if (!this.#takeJoin(from, verdict.terms.subject)) return;
    this.#stay(from, visit, join.swarm, verdict.terms, verdict.expiresInMs);
    visit.turnedAway = false;
    this.#deps.pass(from, { ...join, upload: join.upload && verdict.terms.mayUpload });
  }

  /** A renewal that fails changes nothing: the old token counts to its end. */
  #renew(from: ConnectionId, visit: Visit, verdict: TokenVerdict): void {
    const { stay } = visit;
    if (!stay) return;
    if (verdict.is === 'good') {
      const { terms, expiresInMs } = verdict;
      this.#stay(from, visit, stay.swarm, { ...terms, region: stay.terms.region }, expiresInMs);
      if (!terms.mayUpload) this.#deps.pass(from, { type: 'update', upload: false, dutyBitsPerSecond: 0 });
      this.#deps.tell(from, { type: 'renewed', tokenExpiresInMs: expiresInMs });
      return;
    }
    this.#deps.refused(verdict.is === 'undecided' ? 'undecided' : verdict.because);
    const problem = verdict.is === 'undecided' ? 'the keys of tokens cannot be had now' : verdict.message;
    this.#deps.tell(from, { type: 'renewed', tokenExpiresInMs: this.expiresInMs(from) ?? 0, problem });
  }

  #stay(from: ConnectionId, visit: Visit, swarm: string, terms: TokenTerms, expiresInMs: number): void {
    visit.stay?.stopWaiting();
    // By the monotonic clock from here on: a time of day that jumps shows nobody out.
    const endsAt = this.#deps.clock.now() + expiresInMs;
    let cancel: () => void = () => undefined;
    const wait = () => {
      const leftMs = endsAt - this.#deps.clock.now();
      if (leftMs <= 0)
        this.#showOut(from, visit, { is: 'refused', because: 'expired', message: 'the token has expired' });
      else cancel = this.#deps.clock.after(Math.min(leftMs, LONGEST_WAIT_MS), wait);
    };
    visit.stay = { terms, swarm, endsAt, stopWaiting: () => cancel() };
    wait();
  }

  #end(visit: Visit): void {
    visit.stay?.stopWaiting();
    visit.stay = undefined;
  }

  #showOut(from: ConnectionId, visit: Visit, verdict: Exclude<TokenVerdict, { is: 'good' }>): void {
    const { pass, tell, refused, sendAway } = this.#deps;
    if (visit.stay) pass(from, { type: 'leave' });
    this.#end(visit);
    visit.turnedAway = true;
    refused(verdict.is === 'undecided' ? 'undecided' : verdict.because);
    if (verdict.is === 'undecided') sendAway(from);
    else tell(from, trackerError('unauthorised', verdict.message));
  }
}

function mayUpload({ stay }: Visit): boolean {
  return stay?.terms.mayUpload !== false;
}
