import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReportTallies } from '../metrics/report-tallies.ts';
import { Exchange, OpenExchanges } from './exchange.ts';
import { bytesIn, ExchangeLedger, type Side } from './exchange-ledger.ts';
import { Reporter } from './reporter.ts';

class Viewer extends Reporter {
  readonly agreed: Record<Side, number> = { received: 0, sent: 0 };

  constructor() {
    super({} as ReportTallies);
  }

  override corroborated(side: Side, bytes: number): void {
    this.agreed[side] += bytes;
  }
}

const accountOf = (side: Side, byAnn: boolean) => ((side === 'sent') === byAnn ? 'ann>bob' : 'bob>ann');

/** What has waited for too long. */
function turn(ledger: ExchangeLedger): Record<Side, number> {
  const expired = [...ledger.turn().values()];
  const sum = (side: Side) => expired.reduce((total, account) => total + bytesIn(account[side]), 0);
  return { received: sum('received'), sent: sum('sent') };
}

test('what two viewers tell of each other comes to what a ledger of accounts by name makes of it', () => {
  const claim = fc.record({
    received: fc.oneof(fc.constant(0), fc.nat(1000)),
    sent: fc.oneof(fc.constant(0), fc.nat(1000)),
    byAnn: fc.boolean(),
    thenTurn: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 40 }), (claims) => {
      const [ann, bob, annByName, bobByName] = [new Viewer(), new Viewer(), new Viewer(), new Viewer()];
      const exchange = new Exchange(ann, bob);
      const exchanges = new OpenExchanges();
      const ledger = new ExchangeLedger();
      const turnBoth = () => expect(exchanges.turn()).toEqual(turn(ledger));
      for (const { received, sent, byAnn, thenTurn } of claims) {
        exchanges.claim(exchange, received, sent, byAnn ? ann : bob);
        const byName = byAnn ? annByName : bobByName;
        ledger.claim(accountOf('received', byAnn), 'received', received, byName);
        ledger.claim(accountOf('sent', byAnn), 'sent', sent, byName);
        if (thenTurn) turnBoth();
      }
      for (let count = 0; count < 3; count++) turnBoth();
      expect([ann.agreed, bob.agreed]).toEqual([annByName.agreed, bobByName.agreed]);
    }),
  );
});
