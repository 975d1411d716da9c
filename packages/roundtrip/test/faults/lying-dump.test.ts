import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { dumpDatabase } from '../../src/postgres/dump.ts';
import { findPrograms } from '../../src/postgres/programs.ts';
import { verifyBackup } from '../../src/postgres/verify-backup.ts';

let cluster: TestCluster;
const folder = mkdtempSync(path.join(tmpdir(), 'lying-'));
const pinned = process.env.ROUNDTRIP_PG_BIN;
before(async () => {
  cluster = await testCluster();
});
after(async () => {
  if (pinned === undefined) delete process.env.ROUNDTRIP_PG_BIN;
  else process.env.ROUNDTRIP_PG_BIN = pinned;
  await cluster.release();
  rmSync(folder, { recursive: true, force: true });
});

/** Programs of which `pg_dump` loses what these commands take from its archive, says nothing and exits with 0. */
async function programsThatLie(name: string, loses: string): Promise<string> {
  const { directory } = await findPrograms();
  const lying = mkdtempSync(path.join(folder, `${name}-`));
  for (const program of ['pg_restore', 'pg_dumpall', 'psql'])
    symlinkSync(path.join(directory, program), path.join(lying, program));
  writeFileSync(
    path.join(lying, 'pg_dump'),
    `#!/bin/bash
'${path.join(directory, 'pg_dump')}' "$@" || exit
for argument in "$@"; do archive="\${argument#--file=}"; [ -f "$archive/toc.dat" ] && cd "$archive" && break; done
[ -f toc.dat ] || exit 0
largest=$(ls -S *.dat.gz | head -1)
${loses}
exit 0
`,
    { mode: 0o755 },
  );
  return lying;
}

for (const [name, loses, code] of [
  [
    'the second half of a file',
    'truncate -s $(( $(stat -c %s "$largest") / 2 )) "$largest"',
    'process-failed',
  ],
  [
    'a row, in a file that is whole',
    'zcat "$largest" | sed \'5d\' | gzip > .cut && mv .cut "$largest"',
    'backup-differs',
  ],
] as const)
  it(`a dump that lost ${name} and exited 0 is no verified backup`, async () => {
    const database = await cluster.createDatabase({ prefix: 'lied' });
    await cluster.query(
      'CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 5000) AS n',
      [],
      database.database,
    );
    const scratchDatabase = `${database.database}_scratch`;
    const directory = path.join(folder, database.database);
    const verified = async (): Promise<void> => {
      await dumpDatabase(database, { directory, jobs: 2, compressLevel: 1, timeoutMs: 300_000 });
      await verifyBackup({
        directory,
        admin: cluster.address(),
        scratchDatabase,
        jobs: 2,
        timeoutMs: 300_000,
      });
    };
    process.env.ROUNDTRIP_PG_BIN = await programsThatLie('bin', loses);
    try {
      await assert.rejects(verified(), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        return true;
      });
    } finally {
      if (pinned === undefined) delete process.env.ROUNDTRIP_PG_BIN;
      else process.env.ROUNDTRIP_PG_BIN = pinned;
      await cluster.query(`DROP DATABASE IF EXISTS ${scratchDatabase} WITH (FORCE)`);
    }
  });
