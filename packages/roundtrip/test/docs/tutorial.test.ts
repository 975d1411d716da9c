import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { commandBlocks, missingLine } from './command-blocks.ts';
import { packableCheckout } from './packable-checkout.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const BLOCKS = commandBlocks(read('docs/tutorial.md'));
/** Of one block: packing and installing take longest, on a machine that does other things as well. */
const TIMEOUT_MS = 600_000;

/** Which database is meant is everybody's own. */
function withoutDatabase(command: string): string {
  return command
    .replace(/#.*$/, '')
    .replaceAll(/postgres:\/\/\S+/g, 'DATABASE')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

describe('the tutorial', () => {
  it('has the same commands in both languages, and the same outcomes', () => {
    assert.ok(BLOCKS.length > 15, 'or the blocks are not found');
    assert.deepEqual(commandBlocks(read('docs/tutorial.ru.md')), BLOCKS);
    const headings = (name: string): number => [...read(name).matchAll(/^## /gm)].length;
    assert.equal(headings('docs/tutorial.ru.md'), headings('docs/tutorial.md'));
  });

  it('has every command of the ten minutes in the README', () => {
    const section =
      /## Ten minutes, on your own database\n([\s\S]*?)\n## /.exec(read('README.md'))?.[1] ?? '';
    const tutorial = new Set(BLOCKS.flatMap(({ commands }) => commands.split('\n').map(withoutDatabase)));
    const commands = commandBlocks(section)
      .flatMap((block) => block.commands.split('\n').map(withoutDatabase))
      .filter((command) => command !== '');
    assert.ok(commands.length >= 8);
    assert.deepEqual(
      commands.filter((command) => !tutorial.has(command)),
      [],
    );
  });

  describe('runs as it is written', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tutorial-'));
    const whereFile = path.join(folder, 'where');
    let cluster: PrivateCluster;
    let where = path.join(folder, 'roundtrip');

    before(async () => {
      cluster = await createCluster({ name: 'tutorial' });
      packableCheckout(where, ['roundtrip', 'commerceml']);
    });
    after(async () => {
      rmSync(folder, { recursive: true, force: true });
      await cluster.stop();
    });

    for (const [at, { commands, prints, exitCode }] of BLOCKS.entries()) {
      it(`${at + 1}: ${commands.split('\n')[0]}`, () => {
        const { host, port, user, passwordFile } = cluster.address();
        // One block after the other in one folder, as in a terminal.
        writeFileSync(whereFile, where);
        const script = `trap 'pwd > "${whereFile}"' EXIT\nexec 2>&1\n${commands}`;
        const { status, stdout } = spawnSync('bash', ['-e', '-c', script], {
          cwd: where,
          encoding: 'utf8',
          timeout: TIMEOUT_MS,
          env: {
            ...process.env,
            PATH: `${path.dirname(process.execPath)}:${cluster.binaries}:${process.env.PATH}`,
            PGHOST: host,
            PGPORT: String(port),
            PGUSER: user,
            PGPASSFILE: passwordFile,
            NO_COLOR: '1',
            npm_config_ignore_scripts: 'false',
            npm_config_prefer_offline: 'true',
            npm_config_audit: 'false',
            npm_config_fund: 'false',
          },
        });
        where = readFileSync(whereFile, 'utf8').trim();
        assert.equal(status, exitCode, stdout);
        const missing = missingLine(prints, stdout);
        assert.equal(missing, undefined, `not printed: ${missing}\n${stdout}`);
      });
    }

    it('leaves nothing on the server', async () => {
      const { rows } = await cluster.query(
        "SELECT datname AS name FROM pg_database WHERE datname LIKE 'bench%' UNION ALL SELECT slot_name FROM pg_replication_slots",
      );
      assert.deepEqual(rows, []);
    });
  });
});
