import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AHEAD_BYTES_MAX, ReadingRoom } from '../../../src/onec/staging/reading-room.ts';

describe('ReadingRoom', () => {
  it('lets a part wait until it is taken, and the others go on', async () => {
    const room = new ReadingRoom();
    room.handOut('price_parts', AHEAD_BYTES_MAX);
    await room.for('rest_parts');
    let resumed = false;
    const waiting = room.for('price_parts').then(() => {
      resumed = true;
    });
    await sleep(5);
    assert.equal(resumed, false);
    room.take('price_parts', 1);
    await waiting;
  });

  it('lets everything wait where all together are too far ahead', async () => {
    const room = new ReadingRoom();
    room.handOut('goods', 4 * AHEAD_BYTES_MAX);
    let resumed = false;
    const waiting = room.for('price_parts').then(() => {
      resumed = true;
    });
    await sleep(5);
    assert.equal(resumed, false);
    room.take('goods', AHEAD_BYTES_MAX);
    await waiting;
  });
});
