import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateDurations } from '../../src/init/estimate-durations.ts';

describe('estimated durations', () => {
  it('follow what was measured, in proportion to what was not read', () => {
    const measured = { samples: [{ table: 'orders', bytes: 64e6, ms: 1_000 }], notRead: [] };
    const whole = estimateDurations([{ bytes: 640e6, indexBytes: 0 }], measured);
    assert.equal(whole.readMs, 10_000);
    assert.ok(whole.dumpMs > whole.readMs && whole.copyMs > whole.dumpMs + whole.restoreMs);
    const indexed = estimateDurations([{ bytes: 640e6, indexBytes: 1_280e6 }], measured);
    assert.equal(indexed.restoreMs, 2 * whole.restoreMs);
    assert.match(whole.how.join('\n'), /measured: COPY of 64\.0 MB to nowhere in 1000 ms, 64 MB\/s/);
  });

  it('say that they are assumed, and how wrong they may be, where too little was read', () => {
    const nothing = estimateDurations([{ bytes: 640e6, indexBytes: 0 }], {
      samples: [{ table: 'orders', bytes: 1000, ms: 1 }],
      notRead: ['public.orders: lock timeout'],
    });
    const sure = estimateDurations([], { samples: [{ table: 't', bytes: 64e6, ms: 1 }], notRead: [] });
    assert.ok(nothing.error > sure.error);
    assert.match(nothing.how.join('\n'), /assumed[\s\S]*not read: public\.orders: lock timeout/);
    assert.equal(sure.copyMs, 0);
  });
});
