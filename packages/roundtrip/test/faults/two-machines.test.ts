import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage, type ToyState } from './toy-stage.ts';

let stage: ToyStage;
let control: PrivateCluster;
let proxy: CutProxy;
let untouched: ToyState;
let migrated: ToyState;
let round = 0;
/** The folders of state of two machines: they share nothing but the control store and what the paths of the target name. */
let anna: readonly string[];
let boris: readonly string[];

before(async () => {
  stage = await buildToyStage();
  control = await createCluster({ name: 'control' });
  proxy = await startCutProxy(control.port);
  await stage.reset();
  untouched = await stage.look();
  assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
  migrated = await stage.look();
});
beforeEach(async () => {
  await stage.reset();
  round += 1;
  await control.query(`CREATE DATABASE runs_${round}`);
  const { host, user, passwordFile } = control.address();
  process.env.ROUNDTRIP_CONTROL_STORE = `postgresql://${user}@${host}:${proxy.port}/runs_${round}?passfile=${passwordFile}`;
  proxy.mend();
  delete process.env.CONTROL_PATIENCE_MS;
  anna = machine('anna');
  boris = machine('boris');
});
after(async () => {
  delete process.env.ROUNDTRIP_CONTROL_STORE;
  delete process.env.CONTROL_PATIENCE_MS;
  await proxy.close();
  await control.stop();
  await stage.close();
});

function machine(name: string): readonly string[] {
  const folder = path.join(stage.folder, `${name}-${round}`);
  mkdirSync(folder);
  return ['--state', folder];
}

const folderOf = ([, folder = '']: readonly string[]): string => folder;

/** All that is written under a folder, file after file. */
function textOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('two operators on two machines', () => {
  it('one is killed in the middle of a run; the other sees where it stands, goes on, and takes it back', async () => {
    const killed = await stage.verb(['after do:import'], ...RUN, ...anna);
    assert.equal(killed.killed, true, killed.stderr);
    const status = await stage.verb(0, 'status', ...boris);
    assert.match(status.stdout, /half-way forward, last step begun: import; MAINTENANCE IS ON/);
    let refused: Awaited<ReturnType<ToyStage['verb']>> | undefined;
    const resumed = await faultAt(stage, {
      verb: ['resume', ...boris],
      // Before its first request: a connection that is kept alive does not outlive a process that stands still.
      boundary: 'before do:validate',
      fault: async (pid) => {
        refused = await stage.verb(0, 'resume', ...anna);
        assert.match(
          refused.stderr,
          new RegExp(`control store .*is locked by .*${hostname()} \\(pid ${pid}, resume`),
        );
        const third = await stage.verb(0, 'status', ...anna);
        assert.match(third.stdout, new RegExp(`operating now: .* \\(pid ${pid}, resume\\)`));
      },
    });
    assert.equal(refused?.exitCode, 8, refused?.stderr);
    assert.equal(resumed.exitCode, 0, resumed.stderr);
    assert.deepEqual(await stage.look(), migrated);
    const back = await stage.verb(0, ...ROLLBACK, ...boris);
    assert.equal(back.exitCode, 0, back.stderr);
    const { databases: _kept, ...now } = await stage.look();
    const { databases: _were, ...were } = untouched;
    assert.deepEqual(now, were);
    // The first machine is told by its own copy, which it can prove to anybody.
    const told = await stage.verb(0, 'status', ...anna);
    assert.match(told.stdout, /serves the previous release again/);
    const [run = ''] = readdirSync(path.join(folderOf(anna), 'runs'));
    const verified = await stage.verb(0, 'verify', path.join(folderOf(anna), 'runs', run));
    assert.match(verified.stdout, /^verified: \d+ records/);
    for (const folder of [anna, boris].map(folderOf))
      assert.equal(textOf(folder).includes(control.password), false, `the password is in ${folder}`);
  });

  it('a backup that only the first machine has is asked for by name, and the step waits for it', async () => {
    const killed = await stage.verb(['before append:intent:backup:verify'], ...RUN, ...anna);
    assert.equal(killed.killed, true, killed.stderr);
    const away = `${folderOf(anna)}-away`;
    renameSync(folderOf(anna), away);
    const refused = await stage.verb(0, 'resume', ...boris);
    assert.equal(refused.exitCode, 5, refused.stderr);
    assert.match(refused.stderr, /run-files-elsewhere/);
    const [run = ''] = readdirSync(path.join(away, 'runs'));
    const there = path.join(folderOf(anna), 'runs', run);
    assert.match(refused.stderr, new RegExp(`${hostname()}:${there}`));
    assert.match(refused.stderr, new RegExp(`rsync -a .* ${path.join(folderOf(boris), 'runs', run)}/`));
    cpSync(path.join(away, 'runs', run, 'backup'), path.join(folderOf(boris), 'runs', run, 'backup'), {
      recursive: true,
    });
    const resumed = await stage.verb(0, 'resume', ...boris);
    assert.equal(resumed.exitCode, 0, resumed.stderr);
    assert.deepEqual(await stage.look(), migrated);
  });

  for (const { at, exitCode, says } of [
    { at: 'before append:intent:import:do', exitCode: 5, says: /step "import" was not begun \(do\)/ },
    { at: 'after do:import', exitCode: 10, says: /what step "import" did \(do\) could not be recorded/ },
  ])
    it(`the store goes away ${at.replaceAll(/[:]/g, ' ')}: nothing is begun, it is said where production is, and it resumes`, async () => {
      process.env.CONTROL_PATIENCE_MS = '1000';
      const met = await faultAt(stage, {
        verb: [...RUN, ...anna],
        boundary: at,
        fault: async () => proxy.sever(),
      });
      assert.equal(met.exitCode, exitCode, met.stderr);
      assert.match(met.stderr, /control-store-unreachable/);
      assert.match(met.stderr, says);
      assert.match(met.stderr, /production: .*MAINTENANCE IS ON/);
      const looked = await stage.verb(0, 'status', ...anna);
      assert.equal(looked.exitCode, 0, looked.stderr);
      assert.match(
        looked.stderr,
        /warning: the control store .*\n {2}what follows is the copy on this machine/,
      );
      assert.match(looked.stdout, /MAINTENANCE IS ON/);
      const refused = await stage.verb(0, 'resume', ...anna);
      assert.match(refused.stderr, /control-store-unreachable/);
      proxy.mend();
      const resumed = await stage.verb(0, 'resume', ...boris);
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      assert.deepEqual(await stage.look(), migrated);
    });

  it('the store goes away between the two renames of a switch: it is resumed from there', async () => {
    process.env.TOY_STRATEGY = 'side-by-side';
    try {
      process.env.CONTROL_PATIENCE_MS = '1000';
      const met = await faultAt(stage, {
        verb: [...RUN, ...anna],
        boundary: 'before append:mark:switch-over:do:retired',
        fault: async () => proxy.sever(),
      });
      assert.equal(met.exitCode, 10, met.stderr);
      assert.match(met.stderr, /what step "switch-over" did \(do\) could not be recorded/);
      proxy.mend();
      const resumed = await stage.verb(0, 'resume', ...boris);
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      const { tables, release } = await stage.look();
      assert.deepEqual({ tables, release }, { tables: migrated.tables, release: migrated.release });
    } finally {
      delete process.env.TOY_STRATEGY;
    }
  });

  it('a store in the cluster that is migrated is refused before anything is touched', async () => {
    await stage.cluster.query('CREATE DATABASE inside');
    const { host, port, user, passwordFile } = stage.cluster.address();
    process.env.ROUNDTRIP_CONTROL_STORE = `postgresql://${user}@${host}:${port}/inside?passfile=${passwordFile}`;
    const refused = await stage.verb(0, ...RUN, ...anna);
    assert.equal(refused.exitCode, 3, refused.stderr);
    assert.match(refused.stderr, /control-store-in-target/);
    const { databases: _with, ...now } = await stage.look();
    const { databases: _without, ...were } = untouched;
    assert.deepEqual(now, were);
  });
});
