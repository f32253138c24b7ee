import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesIn, type Claimant, ExchangeLedger, type Side } from './exchange-ledger.ts';

class Viewer implements Claimant {
  readonly agreed: Record<Side, number> = { received: 0, sent: 0 };

  corroborated(side: Side, bytes: number): void {
    this.agreed[side] += bytes;
  }
}

/** What has waited for too long. */
function turn(ledger: ExchangeLedger): Record<Side, number> {
  const expired = [...ledger.turn().values()];
  const sum = (side: Side) => expired.reduce((total, account) => total + bytesIn(account[side]), 0);
  return { received: sum('received'), sent: sum('sent') };
}

const parties = () => ({ ledger: new ExchangeLedger(), ann: new Viewer(), bob: new Viewer() });

describe('what both ends tell is corroborated', () => {
  test.each([
    [100, 100, 100],
    [1000, 100, 100],
    [100, 1000, 100],
    [100, 0, 0],
  ])('%i received and %i sent make %i', (received, sent, agreed) => {
    const { ledger, ann, bob } = parties();
    ledger.claim('bob>ann', 'received', received, ann);
    ledger.claim('bob>ann', 'sent', sent, bob);
    expect([ann.agreed, bob.agreed]).toEqual([
      { received: agreed, sent: 0 },
      { received: 0, sent: agreed },
    ]);
    expect([turn(ledger), turn(ledger)]).toEqual([
      { received: 0, sent: 0 },
      { received: received - agreed, sent: sent - agreed },
    ]);
  });

  test('whoever tells first, and in however many parts', () => {
    const { ledger, ann, bob } = parties();
    ledger.claim('bob>ann', 'sent', 60, bob);
    ledger.claim('bob>ann', 'sent', 60, bob);
    ledger.claim('bob>ann', 'received', 100, ann);
    ledger.claim('bob>ann', 'received', 50, ann);
    expect(ann.agreed.received).toBe(120);
    expect(bob.agreed.sent).toBe(120);
  });

  test('the other direction is another account', () => {
    const { ledger, ann, bob } = parties();
    ledger.claim('bob>ann', 'received', 100, ann);
    ledger.claim('ann>bob', 'received', 100, bob);
    expect(ann.agreed.received + bob.agreed.received).toBe(0);
  });
});

test('nobody corroborates himself', () => {
  const { ledger, ann, bob } = parties();
  ledger.claim('movie', 'received', 100, ann);
  ledger.claim('movie', 'sent', 100, ann);
  expect(ann.agreed).toEqual({ received: 0, sent: 0 });
  ledger.claim('movie', 'sent', 30, bob);
  expect([ann.agreed.received, bob.agreed.sent]).toEqual([30, 30]);
});

test('a claim waits for one window at least, and for two at most', () => {
  const { ledger, ann, bob } = parties();
  ledger.claim('bob>ann', 'received', 100, ann);
  ledger.turn();
  ledger.claim('bob>ann', 'sent', 40, bob);
  expect(ann.agreed.received).toBe(40);
  expect(turn(ledger)).toEqual({ received: 60, sent: 0 });
  ledger.claim('bob>ann', 'sent', 60, bob);
  expect(ann.agreed.received).toBe(40);
});

test('nothing is corroborated beyond what either side told, and nothing is lost', () => {
  const claim = fc.record({
    account: fc.constantFrom('x', 'y'),
    side: fc.constantFrom<Side>('received', 'sent'),
    bytes: fc.nat(1000),
    by: fc.nat(3),
    thenTurn: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 40 }), (claims) => {
      const ledger = new ExchangeLedger();
      const viewers = [0, 1, 2, 3].map(() => new Viewer());
      const told = { received: 0, sent: 0 };
      const alone = { received: 0, sent: 0 };
      const pass = () => {
        const { received, sent } = turn(ledger);
        alone.received += received;
        alone.sent += sent;
      };
      for (const { account, side, bytes, by, thenTurn } of claims) {
        ledger.claim(account, side, bytes, viewers[by] as Viewer);
        told[side] += bytes;
        if (thenTurn) pass();
      }
      pass();
      pass();
      for (const side of ['received', 'sent'] as const) {
        const agreed = viewers.reduce((sum, viewer) => sum + viewer.agreed[side], 0);
        expect(agreed + alone[side]).toBe(told[side]);
        expect(agreed).toBeLessThanOrEqual(Math.min(told.received, told.sent));
      }
    }),
  );
});
