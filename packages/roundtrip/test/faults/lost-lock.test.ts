import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(() => stage.reset());

const LOCK = "application_name = 'roundtrip lock'";

/** Cuts the session of the operator lock behind the closed door: most of the run is still to come. */
async function cutTheLock(): Promise<void> {
  const door = path.join(stage.folder, 'maintenance');
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(10)) {
    if (!existsSync(door)) continue;
    const { rows } = await stage.cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${LOCK}`,
    );
    if (rows.length > 0) return;
  }
  throw new Error('no run closed the door and held the lock within a minute');
}

describe('the session of the operator lock', () => {
  it('is lost: the run stops, takes the lock again and goes on by itself', async () => {
    const [ran] = await Promise.all([stage.verb(0, ...RUN), cutTheLock()]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal((await stage.look()).release, 'v2');
    const status = await stage.verb(0, 'status', '--target', 'production');
    assert.match(status.stdout, /serves the new release/);
  });

  it('is lost to somebody else: the run stays where it is until a human resumes it', async () => {
    const other = new pg.Client({ ...stage.cluster.address(), password: stage.cluster.password });
    await other.connect();
    try {
      // Waits in the queue: whoever asks first has it, and that is before the run asks again.
      const taken = async () => {
        for (;;) {
          const { rows } = await stage.cluster.query(`SELECT FROM pg_stat_activity WHERE ${LOCK}`);
          if (rows.length > 0) break;
          await delay(10);
        }
        await other.query("SELECT pg_advisory_lock(hashtextextended('roundtrip:toy', 0))");
      };
      const [ran] = await Promise.all([stage.verb(0, ...RUN), taken(), cutTheLock()]);
      assert.equal(ran.exitCode, 130, ran.stderr);
      assert.match(ran.stderr, /interrupted: another session holds the advisory lock/);
    } finally {
      await other.end();
    }
    const resumed = await stage.verb(0, 'resume', '--target', 'production');
    assert.equal(resumed.exitCode, 0, resumed.stderr);
    assert.equal((await stage.look()).release, 'v2');
  });
});
