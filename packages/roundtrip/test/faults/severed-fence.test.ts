import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { customersWrite } from './customers.ts';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let network: CutProxy;
before(async () => {
  process.env.TOY_STRATEGY = 'side-by-side';
  stage = await buildToyStage({
    between: async (port) => {
      network = await startCutProxy(port);
      return network.port;
    },
  });
});
after(async () => {
  delete process.env.TOY_STRATEGY;
  await network.close();
  await stage.close();
});
afterEach(() => network.mend());

/** As customers find it: they do not come through the network of whoever operates. */
async function isOpen(): Promise<boolean> {
  const { rows } = await stage.cluster.query(
    "SELECT datallowconn AS open FROM pg_database WHERE datname = 'toy'",
  );
  return (rows[0] as { open: boolean } | undefined)?.open === true;
}

/** Mends the network once the run has written so much to its log or its journal: whoever tries has failed by then. */
async function mendOnce(written: RegExp): Promise<void> {
  const files = (): readonly string[] =>
    globSync(path.join(stage.folder, 'state/runs/*/{log.txt,journal.ndjson}'));
  for (const deadline = Date.now() + 100_000; Date.now() < deadline; await delay(50)) {
    if (!files().some((file) => written.test(readFileSync(file, 'utf8')))) continue;
    network.mend();
    return;
  }
  throw new Error(`the run has not written ${written}`);
}

const CLOSED = /THE DATABASE MAY BE CLOSED TO CLIENTS: resume now/;

describe('the network is severed behind the fence', () => {
  it('of a switch: people are told at once, and the tool opens the database as soon as there is a network', async () => {
    await stage.reset();
    let mended: Promise<void> | undefined;
    let status = '';
    const met = await faultAt(stage, {
      boundary: 'after append:mark:switch-over:do:fenced',
      verb: RUN,
      fault: async () => {
        assert.equal(await isOpen(), false);
        network.sever();
        status = (await stage.verb(0, 'status')).stdout;
        mended = mendOnce(/CLIENTS MAY FIND toy CLOSED/);
      },
    });
    await mended;
    assert.match(status.split('\n')[1] ?? '', CLOSED);
    assert.match(met.stderr, /psql .*ALTER DATABASE "toy" ALLOW_CONNECTIONS true/);
    // Whatever became of the run: customers are served, by one database under the live name.
    assert.equal(await isOpen(), true);
    assert.doesNotMatch((await stage.verb(0, 'status')).stdout, CLOSED);
  });

  it('of a rollback: status says so first, and customers are served again', async () => {
    await stage.reset();
    const ran = await stage.verb(0, ...RUN);
    assert.equal(ran.exitCode, 0, ran.stderr);
    await customersWrite(stage);
    let mended: Promise<void> | undefined;
    let status = '';
    let last = await faultAt(stage, {
      boundary: 'after append:mark:switch-over:undo:drained',
      verb: ROLLBACK,
      fault: async () => {
        assert.equal(await isOpen(), false);
        network.sever();
        status = (await stage.verb(0, 'status')).stdout;
        mended = mendOnce(/"step":"switch-over","act":"undo","durationMs":\d+,"ok":false|session-lost/);
      },
    });
    await mended;
    assert.match(status.split('\n')[1] ?? '', CLOSED);
    for (let time = 0; last.exitCode !== 0 && time < 3; time += 1) last = await stage.verb(0, 'resume');
    assert.equal(last.exitCode, 0, last.stderr);
    assert.equal(await isOpen(), true);
    assert.equal((await stage.look()).release, 'v1');
  });

  it('of a drain: the database that served serves on, as soon as there is a network', async () => {
    await stage.reset();
    const ran = await stage.verb(0, ...RUN);
    assert.equal(ran.exitCode, 0, ran.stderr);
    let mended: Promise<void> | undefined;
    const met = await faultAt(stage, {
      boundary: 'after append:mark:switch-over:undo:closing',
      verb: ROLLBACK,
      fault: async () => {
        // As a fence that was closed, and whose answer did not arrive.
        await stage.cluster.query('ALTER DATABASE toy ALLOW_CONNECTIONS false');
        network.sever();
        mended = mendOnce(/CLIENTS MAY FIND toy CLOSED/);
      },
    });
    await mended;
    assert.match(met.stderr, /CLIENTS MAY FIND toy CLOSED/);
    assert.equal(await isOpen(), true);
  });
});
