import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { openObjectStore } from '../../src/backup-store/object-store.ts';
import { probeStore } from '../../src/backup-store/probe-store.ts';
import { RoundtripError } from '../../src/errors.ts';
import { buildS3Stage, type S3Stage, VARIABLES } from './s3-stage.ts';

let stage: S3Stage;
before(async () => {
  stage = await buildS3Stage();
});
after(() => stage.close());

it('a bucket that can be listed, written and read passes, and nothing stays in it', async () => {
  const store = await stage.store('probed');
  await probeStore(store, 'backup');
  assert.deepEqual(await store.list('probe/'), []);
});

it('a bucket that is not there, and an endpoint where nobody listens, are refused by name', async () => {
  const missing = await openObjectStore('s3://nowhere/shop', {
    endpoint: stage.proxy.url,
    variables: VARIABLES,
  });
  await assert.rejects(probeStore(missing, 'backup'), (error) => {
    assert.ok(error instanceof RoundtripError, String(error));
    assert.match(`${error.seen} ${error.next}`, /nowhere/);
    return true;
  });
  const closed = await openObjectStore('s3://backups/shop', {
    endpoint: 'http://127.0.0.1:1',
    variables: VARIABLES,
  });
  await assert.rejects(probeStore(closed, 'backup'), (error) => error instanceof RoundtripError);
});
