import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import pg from 'pg';
import { connectionSettings } from '../../src/database/connection-settings.ts';
import { releaseRoot } from '../../src/release.ts';
import { pidFile, type ServiceRecord } from '../../src/service/pid-file.ts';
import { groupMembers, processStart } from '../../src/service/process-identity.ts';
import { freePort } from '../support/free-port.ts';
import { freesport, rows, ShopDatabases } from '../support/shop-database.ts';

const IMPORT = `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.04" ДатаФормирования="2025-01-01T00:00:00">
<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><ИдКлассификатора>k</ИдКлассификатора><Наименование>c</Наименование><Товары>
<Товар><Ид>stopped-good</Ид><Наименование>Мяч</Наименование></Товар></Товары></Каталог></КоммерческаяИнформация>`;

describe('service control', () => {
  let databases: ShopDatabases;
  let run: string;
  let environment: NodeJS.ProcessEnv;
  let port: number;

  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    run = mkdtempSync(path.join(tmpdir(), 'freesport-run-'));
    port = await freePort();
    environment = { FREESPORT_RUN_DIR: run, FREESPORT_PORT: String(port), FREESPORT_LOG_LEVEL: 'warn' };
  });
  afterEach(async () => {
    await freesport(['service', 'stop', 'api'], environment);
    await freesport(['service', 'stop', 'worker'], environment);
  });
  after(async () => {
    rmSync(run, { recursive: true });
    await databases.release();
  });

  const service = async (
    verb: string,
    name: string,
  ): Promise<{ running: boolean; pid?: number; release?: string }> => {
    const result = await freesport(['service', verb, name, '--json'], environment);
    const status = JSON.parse(result.stdout) as { running: boolean; pid?: number; release?: string };
    assert.equal(result.code, verb === 'status' && !status.running ? 3 : 0, result.stderr);
    return status;
  };

  it('starts the API, is done when health answers, and stops it for good', async () => {
    const started = await service('start', 'api');
    assert.equal(started.running, true);
    const health = (await (await fetch(`http://127.0.0.1:${port}/api/health/`)).json()) as {
      pid: number;
      release: string;
    };
    assert.equal(health.pid, started.pid);
    assert.equal(health.release, '13.4');
    assert.equal((await service('start', 'api')).pid, started.pid, 'a second start leaves it alone');
    const restarted = await service('restart', 'api');
    assert.notEqual(restarted.pid, started.pid);
    assert.equal(processStart(started.pid ?? 0), undefined);
    assert.equal((await service('stop', 'api')).running, false);
    assert.equal(processStart(restarted.pid ?? 0), undefined);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/api/health/`));
    assert.equal((await service('stop', 'api')).running, false, 'stopping twice is no error');
  });

  it('starts the worker, which sends the mail of an order and survives its database being taken away', async () => {
    const started = await service('start', 'worker');
    await rows(
      `INSERT INTO orders (order_number, customer_email, total_amount) VALUES ('T-1', 'a@example.com', 1), ('T-2', 'b@example.com', 1)`,
    );
    const mail = async (number: string): Promise<void> => {
      await rows(
        `SELECT graphile_worker.add_job('send_order_mail', json_build_object('orderNumber', $1::text))`,
        [number],
      );
      for (let attempt = 0; ; attempt += 1) {
        const [row] = await rows<{ n: number }>(
          'SELECT count(*) AS n FROM mail_outbox WHERE order_number = $1',
          [number],
        );
        if (row?.n === 1) return;
        assert.ok(attempt < 400, `no mail for ${number}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    await mail('T-1');
    await databases.cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'freesport-worker' AND datname = '${process.env.PGDATABASE}'`,
    );
    await mail('T-2');
    assert.equal((await service('status', 'worker')).pid, started.pid, 'it is the same process');
    assert.equal((await service('stop', 'worker')).running, false);
    assert.equal(processStart(started.pid ?? 0), undefined);
  });

  it('ends the import that a killed worker has left behind', async () => {
    const { pid = 0 } = await service('start', 'worker');
    const exchange = path.join(run, 'exchange');
    mkdirSync(exchange);
    writeFileSync(path.join(exchange, 'import.xml'), IMPORT);
    const holder = new pg.Client(connectionSettings('freesport-command'));
    await holder.connect();
    // The import waits for this table, for as long as the test wants.
    await holder.query('BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE');
    await rows(
      `SELECT graphile_worker.add_job('import_products', json_build_object('directory', $1::text))`,
      [exchange],
    );
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await rows(waiting)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    process.kill(pid, 'SIGKILL');
    while (processStart(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(groupMembers(pid, releaseRoot).length, 1, 'the import lives on');
    assert.equal((await service('status', 'worker')).running, false);
    assert.equal((await service('stop', 'worker')).running, false);
    assert.deepEqual(groupMembers(pid, releaseRoot), []);
    await holder.query('ROLLBACK');
    await holder.end();
    assert.deepEqual(await rows(`SELECT 1 FROM products WHERE onec_id = 'stopped-good'`), []);
  });

  it('never touches a stranger who got the pid', async () => {
    const record: ServiceRecord = {
      pid: process.pid,
      startedAs: 'another time',
      release: '13.3',
      root: '/elsewhere',
      port,
    };
    writeFileSync(pidFile(run, 'api'), JSON.stringify(record));
    assert.equal((await service('status', 'api')).running, false);
    assert.equal((await service('stop', 'api')).running, false);
    assert.ok(processStart(process.pid), 'this test was not ended');
    writeFileSync(pidFile(run, 'api'), 'not json');
    const broken = await freesport(['service', 'status', 'api'], environment);
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /not a pid file of this shop/);
    rmSync(pidFile(run, 'api'));
  });

  it('tells why a service did not come up', async () => {
    const failed = await freesport(['service', 'start', 'api'], { ...environment, FREESPORT_RELEASE: '99' });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /release "99" is unknown/);
    assert.equal((await service('status', 'api')).running, false);
  });

  it('answers everything that it has begun while it stops', async () => {
    const started = await freesport(['service', 'start', 'api'], {
      ...environment,
      FREESPORT_LOG_LEVEL: 'info',
    });
    assert.equal(started.code, 0, started.stderr);
    const { pid } = JSON.parse(readFileSync(pidFile(run, 'api'), 'utf8')) as ServiceRecord;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const answered: number[] = [];
    const reset: number[] = [];
    const asked = { count: 0 };
    const ask = (): Promise<boolean> =>
      new Promise((resolve, reject) => {
        asked.count += 1;
        const id = asked.count;
        const outgoing = request({ port, path: `/api/products/good-1/?id=${id}`, agent }, (response) => {
          response.on('error', reject);
          response.resume().on('end', () => {
            assert.equal(response.statusCode, 200);
            answered.push(id);
            resolve(true);
          });
        });
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          // The door is closed: refused, or reset by the kernel while waiting in front of it.
          if (error.code !== 'ECONNREFUSED') reset.push(id);
          resolve(error.code !== 'ECONNREFUSED');
        });
        outgoing.end();
      });
    const clients = Array.from({ length: 8 }, async () => {
      while (await ask());
    });
    while (answered.length < 200) await new Promise((resolve) => setImmediate(resolve));
    process.kill(pid, 'SIGTERM');
    await Promise.all(clients);
    agent.destroy();
    await service('stop', 'api');
    const log = readFileSync(path.join(run, 'log', 'api.log'), 'utf8');
    const begun = new Set([...log.matchAll(/good-1\/\?id=(\d+)"/g)].map((match) => Number(match[1])));
    assert.ok(
      answered.every((id) => begun.has(id)),
      'the log holds what was answered',
    );
    assert.deepEqual(
      reset.filter((id) => begun.has(id)),
      [],
      'what was reset had never been begun',
    );
    assert.ok(reset.length <= 8, `${reset.length} resets of 8 clients`);
  });
});
