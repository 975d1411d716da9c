import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { privileges } from '../../src/checks/privileges.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { backup } from '../../src/steps/backup.ts';
import { wayBack } from '../../src/steps/way-back.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

let cluster: PrivateCluster;
let deployer: DatabaseAddress;
before(async () => {
  cluster = await createCluster({ name: 'privileges' });
  await cluster.query("CREATE ROLE deployer LOGIN PASSWORD 'of the test'; CREATE ROLE shop_owner");
  await cluster.query('CREATE DATABASE shop');
  await cluster.query(
    `CREATE TABLE orders (id int PRIMARY KEY); ALTER TABLE orders OWNER TO shop_owner;
     CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY`,
    [],
    'shop',
  );
  const passwordFile = path.join(cluster.directory, 'deployer.pgpass');
  writeFileSync(passwordFile, '*:*:*:deployer:of the test\n', { mode: 0o600 });
  deployer = { ...cluster.address('shop'), user: 'deployer', passwordFile };
});
after(() => cluster.stop());

test('a role is told all that it lacks for backup, restore and exchange at once, and passes once it has it', async () => {
  const steps = () => [backup(), wayBack()];
  const lacking = await findingsOf(privileges, planOn(deployer, { steps }));
  assert.deepEqual(codesOf(lacking), [
    'refusal table-unreadable',
    'refusal may-not-create-databases',
    'refusal may-not-give-away',
    'refusal may-not-exchange',
  ]);
  assert.match(lacking[0]?.seen ?? '', /deployer may not read notes, orders/);
  assert.match(lacking[2]?.seen ?? '', /shop_owner/);
  await cluster.query('GRANT pg_read_all_data, pg_signal_backend, shop_owner TO deployer');
  await cluster.query('ALTER ROLE deployer CREATEDB; ALTER DATABASE shop OWNER TO deployer');
  const hidden = await findingsOf(privileges, planOn(deployer, { steps }));
  assert.deepEqual(codesOf(hidden), ['refusal rows-hidden', 'refusal may-not-give-away']);
  assert.match(hidden[0]?.seen ?? '', /row security hides rows of notes/);
  await cluster.query('ALTER ROLE deployer BYPASSRLS');
  await cluster.query(
    'ALTER TABLE notes OWNER TO shop_owner; ALTER SCHEMA public OWNER TO shop_owner',
    [],
    'shop',
  );
  assert.deepEqual(await findingsOf(privileges, planOn(deployer, { steps })), []);
});

test('a superuser, and a plan that neither backs up nor exchanges, pass', async () => {
  assert.deepEqual(await findingsOf(privileges, planOn(cluster.address('shop'))), []);
  assert.deepEqual(await findingsOf(privileges, planOn(deployer)), []);
});
