import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

it('the pages of the dashboard pass the type checker, with the libraries of a browser', () => {
  const { stdout, status } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/tsc'),
    ['--noEmit', '-p', 'packages/roundtrip/src/dashboard/web'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  assert.equal(status, 0, stdout);
});
