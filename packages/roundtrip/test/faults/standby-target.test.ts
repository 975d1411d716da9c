import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let standby: Standby | undefined;
before(async () => {
  stage = await buildToyStage();
  await stage.reset();
  standby = await startStandby(stage);
  aimAt(standby.port);
});
after(async () => {
  await standby?.stop();
  await stage.close();
});

interface Standby {
  readonly port: number;
  stop(): Promise<void>;
}

/** A hot standby of the stage's cluster, as `pg_basebackup -R` makes it: the same system identifier, and it takes no write. */
async function startStandby({ cluster }: ToyStage): Promise<Standby> {
  const data = path.join(cluster.directory, 'standby');
  // PostgreSQL refuses to run as root; whoever owns the primary's data runs the standby.
  const { uid, gid } = statSync(path.join(cluster.directory, 'data'));
  const ids = process.getuid?.() === 0 ? { uid, gid } : {};
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, uid, gid);
  const { host, port: primaryPort, user } = cluster.address();
  const primary = ['-h', host, '-p', String(primaryPort), '-U', user];
  const options = { ...ids, cwd: '/', env: { ...process.env, PGPASSWORD: cluster.password } };
  execFileSync(
    path.join(cluster.binaries, 'pg_basebackup'),
    [...primary, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    { ...options, stdio: 'pipe' },
  );
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: cluster.socketDirectory,
    // At least the primary's: a standby with less refuses to start.
    ...{ max_connections: 120, max_worker_processes: 24, max_wal_senders: 20, fsync: 'off' },
  };
  const argv = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(path.join(cluster.binaries, 'postgres'), ['-D', data, ...argv], {
    ...options,
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGQUIT');
    await ended;
  };
  const client = () => new pg.Client({ host, port, user, database: 'toy', password: cluster.password });
  for (const deadline = Date.now() + 120_000; ; await delay(50)) {
    const session = client();
    try {
      await session.connect();
      const { rows } = await session.query('SELECT pg_is_in_recovery() AS replica');
      assert.deepEqual(rows, [{ replica: true }]);
      return { port, stop };
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) {
        await stop();
        throw error;
      }
    } finally {
      await session.end().catch(() => undefined);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function aimAt(port: number): void {
  const file = path.join(stage.folder, 'targets.json');
  const targets = JSON.parse(readFileSync(file, 'utf8')) as {
    production: { database: { port: number } };
    staging: { database: { port: number } };
  };
  targets.production.database.port = port;
  writeFileSync(file, JSON.stringify(targets));
}

describe('a target that is a standby', () => {
  for (const verb of [['check', '--target', 'production'], RUN])
    it(`is refused by ${verb[0]}, which names the cause, and nothing is begun`, async () => {
      const untouched = await stage.look();
      const { exitCode, stdout, stderr } = await stage.verb(0, ...verb);
      assert.equal(exitCode, 3, stderr);
      assert.match(stdout + stderr, /read-only-replica/);
      assert.match(stdout + stderr, /point the target at the primary/);
      assert.deepEqual(await stage.look(), untouched);
      assert.match((await stage.verb(0, 'status')).stderr, /no-run/);
    });
});
