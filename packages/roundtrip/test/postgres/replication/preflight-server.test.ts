import assert from 'node:assert/strict';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { connect, type DatabaseAddress, withClient } from '../../../src/postgres/connection.ts';
import { type ReplicationFinding, replicationPreflight } from '../../../src/postgres/replication/index.ts';
import { freePort } from '../../services/free-port.ts';
import { type RealProgram, startProgram } from '../../services/real-program.ts';
import { daemonFolder, unprivileged } from '../../services/unprivileged.ts';

let cluster: PrivateCluster;
const folder = daemonFolder('preflight-pooler');
const started: RealProgram[] = [];
before(async () => {
  cluster = await createCluster({
    name: 'preflight-server',
    settings: { max_slot_wal_keep_size: '1GB' },
  });
  await cluster.query('CREATE DATABASE shop');
  await cluster.query(
    'CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE photos (id int PRIMARY KEY, image oid)',
    [],
    'shop',
  );
});
after(async () => {
  for (const program of started) await program.stop();
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

async function findings(
  address: DatabaseAddress,
  tables: readonly string[],
  role?: string,
): Promise<readonly ReplicationFinding[]> {
  return withClient(address, { applicationName: 't' }, async (client) => {
    if (role !== undefined) await client.query(`SET ROLE ${role}`);
    return replicationPreflight({ publisher: client, subscriber: client, tables });
  });
}

const codes = (found: readonly ReplicationFinding[]): string[] =>
  found.map(({ code, severity }) => `${severity} ${code}`);

/** A pooler in front of the cluster, and our address through it. */
async function pooled(mode: string, more = ''): Promise<DatabaseAddress> {
  const port = await freePort();
  const iniFile = path.join(folder, `${mode}-${port}.ini`);
  writeFileSync(path.join(folder, 'users.txt'), `"postgres" "${cluster.password}"\n`);
  writeFileSync(
    iniFile,
    `[databases]\nshop = host=127.0.0.1 port=${cluster.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =
auth_type = scram-sha-256\nauth_file = ${folder}/users.txt\npool_mode = ${mode}\n${more}`,
  );
  const user = unprivileged();
  if (user !== undefined) chownSync(iniFile, user.uid, user.gid);
  const address = { ...cluster.address('shop'), port };
  const ready = async () => {
    // Any answer of it will do, a refusal too.
    await connect(address, { applicationName: 't' }).then(
      (client) => client.end(),
      (error) => assert.doesNotMatch(String(error), /ECONNREFUSED/),
    );
  };
  started.push(await startProgram({ argv: ['pgbouncer', iniFile], ready, user }));
  return address;
}

for (const mode of ['transaction', 'session'])
  test(`a pooler in ${mode} mode between us and the server is refused, with the server's own address`, async () => {
    const found = await findings(
      await pooled(mode, 'ignore_startup_parameters = options,extra_float_digits\n'),
      ['orders'],
    );
    assert.deepEqual(codes(found), ['refusal pooler-in-between']);
    assert.match(found[0]?.cure ?? '', new RegExp(`the server says 127\\.0\\.0\\.1:${cluster.port}`));
    assert.deepEqual(await findings(cluster.address('shop'), ['orders']), []);
  });

test('a pooler that refuses our settings is named as one', async () => {
  const address = await pooled('transaction');
  await assert.rejects(connect(address, { applicationName: 't' }), (error) => {
    const { code, next } = error as { code?: string; next?: string };
    assert.equal(code, 'connection-failed');
    assert.match(next ?? '', /pooler stands between.*the server's own address/);
    return true;
  });
});

test('a role is told each privilege that it lacks, and that the server will not refuse DDL for it', async () => {
  await cluster.query('CREATE ROLE deployer REPLICATION; GRANT CREATE ON DATABASE shop TO deployer');
  const lacking = await findings(cluster.address('shop'), ['orders'], 'deployer');
  assert.deepEqual(codes(lacking), [
    'refusal table-not-owned',
    'refusal fence-privilege',
    'warning ddl-unguarded',
    'refusal subscription-privilege',
  ]);
  const [owned, fence] = lacking;
  assert.match(owned?.seen ?? '', /deployer does not own public\.orders/);
  assert.match(fence?.seen ?? '', /may not end other roles' sessions, nor rename shop/);
  for (const { cure } of lacking) assert.notEqual(cure, '');
  await cluster.query(
    `ALTER TABLE orders OWNER TO deployer; ALTER DATABASE shop OWNER TO deployer; ALTER ROLE deployer CREATEDB; GRANT pg_signal_backend TO deployer`,
    [],
    'shop',
  );
  assert.deepEqual(codes(await findings(cluster.address('shop'), ['orders'], 'deployer')), [
    'warning ddl-unguarded',
    'refusal subscription-privilege',
  ]);
});

test('large objects warn, and refuse where a protected table may point at them', async () => {
  assert.deepEqual(codes(await findings(cluster.address('shop'), ['photos'])), []);
  await cluster.query(`INSERT INTO photos SELECT 1, lo_from_bytea(0, 'jpeg')`, [], 'shop');
  assert.deepEqual(codes(await findings(cluster.address('shop'), ['orders'])), ['warning large-objects']);
  const [found] = await findings(cluster.address('shop'), ['orders', 'photos']);
  assert.equal(`${found?.severity} ${found?.code}`, 'refusal large-objects');
  assert.match(found?.seen ?? '', /public\.photos\.image may point at them/);
});
