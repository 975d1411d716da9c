import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { execute, type Halt } from '../../src/engine/execute.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import { type Client, withClient } from '../../src/postgres/connection.ts';
import { anyStepKind } from '../../src/steps/step-kind.ts';
import { memoryJournal, started, toyPlan, toyStep } from './fake-run.ts';

let cluster: PrivateCluster;
before(async () => {
  cluster = await createCluster({ name: 'lost' });
});
after(() => cluster.stop());

const session = { applicationName: 'lost session test' };

/** A run of one step whose session meets `accident`, `times` times, before it does what it is for. */
async function runWith(options: {
  readonly act: 'do' | 'undo';
  readonly times: number;
  readonly accident: (client: Client) => Promise<unknown>;
}): Promise<{ halt: Halt; attempts: number; verdict: string | undefined; code: string | undefined }> {
  let left = options.times;
  const work = (act: 'do' | 'undo') => async () => {
    await withClient(cluster.address(), session, async (client) => {
      if (act === options.act && left > 0) {
        left -= 1;
        await options.accident(client);
      }
      await client.query('SELECT 1');
    });
    return {};
  };
  const toy = anyStepKind({
    kind: 'toy',
    inspect: async () => 'not-done',
    do: work('do'),
    verify: async () => ({}),
    undo: work('undo'),
  });
  const journal = memoryJournal();
  journal.append(started());
  if (options.act === 'undo')
    for (const body of [
      { type: 'intent', step: 'a', act: 'do', attempt: 1 },
      { type: 'outcome', step: 'a', act: 'do', ok: true, durationMs: 1, evidence: {} },
      { type: 'rollback-started', reason: 'asked', automatic: false, operator: 't' },
    ] as const)
      journal.append(body);
  const { halt, state } = await execute({
    plan: toyPlan([toyStep('a')]),
    journal,
    kinds: new Map([['toy', toy]]),
    runDirectory: '/nowhere',
    operator: 'tester',
    signal: new AbortController().signal,
    now: () => new Date(0),
    log: () => undefined,
  });
  const act = foldJournal(journal.records).steps.a?.[options.act];
  return { halt, attempts: act?.attempts ?? 0, verdict: state.verdict, code: act?.error?.code };
}

const ended = (client: Client) => client.query('SELECT pg_terminate_backend(pg_backend_pid())');

describe('a session that is lost in the middle of an act', () => {
  for (const act of ['do', 'undo'] as const)
    it(`is no end of the ${act}: it is looked at and tried again`, async () => {
      const { verdict, attempts } = await runWith({ act, times: 1, accident: ended });
      assert.equal(verdict, act === 'do' ? 'succeeded' : 'rolled-back');
      assert.equal(attempts, 2);
    });

  it('is handed to a human when it happens again and again', async () => {
    const { halt, code, attempts } = await runWith({ act: 'undo', times: 99, accident: ended });
    assert.equal(halt.next, 'ask-human');
    assert.equal(code, 'session-lost');
    assert.ok(attempts <= 3, `${attempts} attempts`);
  });

  it('is survived by waiting, where the whole server went down and recovers', async () => {
    const { verdict } = await runWith({
      act: 'undo',
      times: 1,
      // One backend that dies takes all sessions of the server with it.
      accident: async (client) => {
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
        await client.query('SELECT pg_sleep(10)');
      },
    });
    assert.equal(verdict, 'rolled-back');
  });

  it('does not hide an error of the statement itself', async () => {
    const { verdict } = await runWith({
      act: 'do',
      times: 1,
      accident: (client) => client.query('SELECT 1 / 0'),
    });
    assert.equal(verdict, 'rolled-back');
  });
});
