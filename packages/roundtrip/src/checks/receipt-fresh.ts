import { formatMs } from '../runbook/duration.ts';
import type { Check } from './check.ts';

/** A live run needs a rehearsal of exactly this plan, recent enough. */
export const receiptFresh: Check = {
  name: 'receipt',
  appliesTo: ['live'],
  async run({ plan, planHash, receipts, spoiledReceipts, now }) {
    const cure = `roundtrip rehearse --target ${plan.target.name}`;
    const expected = `a rehearsal of plan ${planHash.slice(0, 12)}, at most ${formatMs(plan.receiptMaxAgeMs)} old`;
    const matching = receipts.find((receipt) => receipt.planHash === planHash);
    if (matching === undefined) {
      const spoiled =
        spoiledReceipts.length > 0 ? `; changed since they were written: ${spoiledReceipts.join(', ')}` : '';
      const seen = `no receipt for this plan (${receipts.length} for other plans${spoiled})`;
      return [{ code: 'no-receipt', severity: 'refusal', seen, expected, cure }];
    }
    const ageMs = now.getTime() - Date.parse(matching.finishedAt);
    // A receipt from the future means that a clock is wrong: its age then says nothing.
    if (ageMs >= 0 && ageMs <= plan.receiptMaxAgeMs) return [];
    return [
      {
        code: 'receipt-stale',
        severity: 'refusal',
        seen: `the receipt is ${formatMs(Math.abs(ageMs))} ${ageMs < 0 ? 'in the future' : 'old'}`,
        expected,
        cure,
      },
    ];
  },
};
