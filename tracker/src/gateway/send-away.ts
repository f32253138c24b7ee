import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Dialect, WebSocketGateway } from './websocket-gateway.ts';

/** Players come back after a time of chance up to this, ms, so that not all who were sent away come at once. */
const COME_BACK_WITHIN_MS = 2000;

export interface SendAwayDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialectOf: ReadonlyMap<number, Dialect>;
}

/** Lets nobody in any more, and sends those who are here away, one after the other over this time. */
export async function sendAway(
  gateway: WebSocketGateway,
  overSeconds: number,
  { clock, random, dialectOf }: SendAwayDeps,
): Promise<void> {
  gateway.stopAccepting();
  const waiting = [...gateway.connections()];
  const pauseMs = (overSeconds * 1000) / Math.max(1, waiting.length);
  for (const connection of waiting) {
    if (dialectOf.get(connection) === 'nearcast') {
      const afterMs = Math.round(random() * COME_BACK_WITHIN_MS);
      gateway.send(connection, JSON.stringify({ type: 'reconnect', afterMs }));
    }
    gateway.close(connection, 'serviceRestart');
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
}
