import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { listCopies } from '../../src/backup-store/list-copies.ts';
import { openObjectStore } from '../../src/backup-store/object-store.ts';
import { buildS3Stage, type S3Stage, VARIABLES } from '../backup-store/s3-stage.ts';
import { RUN } from './every-boundary.ts';
import { faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let s3: S3Stage;
let number = 0;
before(async () => {
  stage = await buildToyStage();
  s3 = await buildS3Stage();
  Object.assign(process.env, VARIABLES);
});
beforeEach(async () => {
  await stage.reset();
  number += 1;
  s3.proxy.setFault(() => undefined);
  process.env.TOY_COPY = JSON.stringify({ to: `s3://backups/run-${number}`, endpoint: s3.proxy.url });
});
afterEach(() => {
  delete process.env.TOY_COPY;
});
after(async () => {
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
  await s3.close();
  await stage.close();
});

const answer503 = { kind: 'answer', status: 503, code: 'SlowDown' } as const;
const copies = async () =>
  await listCopies(
    await openObjectStore(`s3://backups/run-${number}`, { endpoint: s3.proxy.url, variables: VARIABLES }),
  );

/** The store answers 503 from the moment at which the backup begins, that often for each request and then no more. */
async function runWith503s(times: number) {
  const left = new Map<string, number>();
  return await faultAt(stage, {
    boundary: 'before do:backup',
    verb: RUN,
    fault: async () =>
      s3.proxy.setFault(({ method, path }) => {
        const request = `${method} ${path}`;
        const rest = left.get(request) ?? times;
        left.set(request, rest - 1);
        return rest > 0 ? answer503 : undefined;
      }),
  });
}

describe('a store that answers 503 while a run copies its backup', () => {
  it('to every request once: it is asked again, and the copy is whole', async () => {
    const ran = await runWith503s(1);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(
      (await copies()).map(({ state }) => state),
      ['whole'],
    );
  });

  it('for good: the run goes back and names the store; once it is up, the next run goes through', async () => {
    const untouched = await stage.look();
    const ran = await runWith503s(Number.POSITIVE_INFINITY);
    assert.equal(ran.exitCode, 6, ran.stderr);
    assert.match(ran.stderr, /503/);
    assert.match(ran.stderr, /s3:\/\/backups/);
    assert.deepEqual(await stage.look(), untouched);
    s3.proxy.setFault(() => undefined);
    assert.deepEqual(await copies(), []);
    const again = await stage.verb(0, ...RUN);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal((await copies()).length, 1);
  });

  it('before the run: it is refused, and nothing was begun', async () => {
    const untouched = await stage.look();
    s3.proxy.setFault(() => answer503);
    const refused = await stage.verb(0, ...RUN);
    assert.equal(refused.exitCode, 3, refused.stderr);
    assert.match(refused.stderr, /store-unreachable/);
    assert.deepEqual(await stage.look(), untouched);
  });
});
