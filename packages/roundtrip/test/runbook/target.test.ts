import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { readTargets } from '../../src/runbook/target.ts';

const DATABASE = { host: 'db', port: 5432, user: 'ops', database: 'shop' };

describe('readTargets', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'targets-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const written = (content: unknown): string => {
    const file = path.join(folder, 'targets.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };

  it('names each target and takes the files of secrets from its own folder', () => {
    const { production } = readTargets(
      written({
        production: {
          environment: 'production',
          database: { ...DATABASE, passwordFile: 'pgpass' },
          alerts: [{ kind: 'slack', name: 'ops', urlFile: 'slack.url' }],
        },
      }),
    );
    assert.deepEqual(production, {
      name: 'production',
      environment: 'production',
      database: { ...DATABASE, passwordFile: path.join(folder, 'pgpass') },
      alerts: [{ kind: 'slack', name: 'ops', urlFile: path.join(folder, 'slack.url') }],
      settings: {},
    });
  });

  const target = { environment: 'production', database: DATABASE, settings: {} };
  for (const [content, seen] of [
    ['{', /JSON/],
    ['null', /no JSON object/],
    [[target], /no JSON object/],
    [{ production: null }, /target "production": it is no object/],
    [{ production: { ...target, environment: 'prod' } }, /environment is "prod"/],
    [{ production: { environment: 'production' } }, /no database/],
    [{ production: { ...target, database: { ...DATABASE, port: '5432' } } }, /database.port is "5432"/],
    [{ production: { ...target, database: { ...DATABASE, host: '' } } }, /database.host is ""/],
    [{ production: { ...target, settings: { port: 8001 } } }, /settings.port is 8001/],
    [{ production: { ...target, settings: [] } }, /settings is no object/],
    [{ production: { ...target, alerts: {} } }, /alerts is no list/],
  ] as const)
    it(`refuses ${typeof content === 'string' ? content : JSON.stringify(content)}`, () => {
      assert.throws(
        () => readTargets(written(content)),
        (error) => error instanceof Refused && error.code === 'targets-unreadable' && seen.test(error.seen),
      );
    });

  it('refuses a file that is not there', () => {
    assert.throws(
      () => readTargets(path.join(folder, 'nowhere.json')),
      (error) => error instanceof Refused && error.code === 'targets-unreadable' && /ENOENT/.test(error.seen),
    );
  });
});
