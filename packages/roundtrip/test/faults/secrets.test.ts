import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
  await stage.reset();
});
after(() => stage.close());

describe('the password of the target', () => {
  it('is in no journal, plan, log, backup or output of a run and its rollback', async () => {
    const outputs: string[] = [];
    for (const verb of [
      RUN,
      ['status', '--target', 'production'],
      ['report', '--target', 'production'],
      ROLLBACK,
    ]) {
      const { stdout, stderr } = await stage.verb(0, ...verb);
      outputs.push(stdout, stderr);
    }
    const forms = [
      stage.cluster.password,
      encodeURIComponent(stage.cluster.password),
      Buffer.from(stage.cluster.password).toString('base64'),
    ];
    for (const form of forms) assert.ok(!outputs.join('\n').includes(form), 'in an output');
    const state = path.join(stage.folder, 'state');
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.ok(files.length > 5);
    for (const entry of files) {
      const content = readFileSync(path.join(entry.parentPath, entry.name), 'latin1');
      for (const form of forms) assert.ok(!content.includes(form), `in ${entry.name}`);
    }
  });

  it('is not in the catalogue either, where a subscription keeps its connection', async () => {
    await stage.reset();
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    const { rows } = await stage.cluster.query('SELECT subconninfo FROM pg_subscription');
    assert.equal(rows.length, 1);
    assert.ok(!rows[0].subconninfo.includes(stage.cluster.password));
  });

  it('is in nothing that is kept or said, though a child of ours says it on stderr and fails', async () => {
    await stage.reset();
    process.env.TOY_STRATEGY = 'side-by-side';
    process.env.TOY_IMPORT = 'tell.sql';
    try {
      const { password } = stage.cluster;
      const told = `\\warn ${password}\n\\warn ${encodeURIComponent(password)}\nSELECT 1 / 0;\n`;
      writeFileSync(path.join(stage.folder, 'sql', 'tell.sql'), told);
      const { exitCode, stdout, stderr } = await stage.verb(0, ...RUN);
      assert.equal(exitCode, 6, stderr);
      assert.match(stderr, /division by zero/);
      assert.ok(!`${stdout}${stderr}`.includes(password), 'in the output');
      const state = path.join(stage.folder, 'state');
      for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const content = readFileSync(path.join(entry.parentPath, entry.name), 'latin1');
        assert.ok(!content.includes(password), `in ${entry.name}`);
      }
    } finally {
      delete process.env.TOY_STRATEGY;
      delete process.env.TOY_IMPORT;
    }
  });
});
