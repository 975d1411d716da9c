import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../..');
// A clone that has no git (an unpacked archive) still has files; CI and developers have git.
const FILES = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 16 << 20,
})
  .split('\0')
  .filter((file) => /\.ts$/.test(file) && !file.includes('/fixtures/') && existsSync(path.join(ROOT, file)));

/** What each room of `packages/roundtrip/src` may import besides itself and the files at the top. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  runbook: [],
  journal: ['runbook'],
  process: [],
  postgres: ['process'],
  services: ['process', 'postgres'],
  'backup-store': ['process', 'postgres'],
  watch: ['runbook', 'process', 'services'],
  alerts: ['runbook', 'journal', 'process', 'watch'],
  steps: ['runbook', 'journal', 'process', 'postgres', 'services', 'backup-store', 'watch', 'alerts'],
  lint: ['postgres'],
  checks: ['runbook', 'journal', 'process', 'postgres', 'services', 'watch', 'alerts', 'steps', 'lint'],
  control: ['runbook', 'journal', 'process', 'postgres'],
  engine: [
    'runbook',
    'journal',
    'control',
    'process',
    'postgres',
    'services',
    'watch',
    'alerts',
    'steps',
    'checks',
  ],
  report: ['runbook', 'journal'],
  guide: ['runbook', 'journal', 'watch'],
  init: ['postgres'],
  cli: [
    'runbook',
    'journal',
    'process',
    'postgres',
    'services',
    'backup-store',
    'watch',
    'alerts',
    'steps',
    'lint',
    'checks',
    'control',
    'engine',
    'report',
    'guide',
    'init',
    'dashboard',
  ],
  dashboard: ['runbook', 'journal', 'control', 'engine', 'report', 'watch'],
};

function importsOf(file: string): { readonly from: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (type )?[^;]*? from '([^']+)';|^import '([^']+)';/gm)].map(
    (match) => ({ from: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined }),
  );
}

describe('the rules of the house', () => {
  it('the rooms of roundtrip import one way', () => {
    const wrong: string[] = [];
    for (const file of FILES) {
      const room = /^packages\/roundtrip\/src\/([^/]+)\//.exec(file)?.[1];
      if (room === undefined) continue;
      for (const { from, typeOnly } of importsOf(file)) {
        // A type may be named from anywhere: it is gone when the code runs.
        const other =
          typeOnly || !from.startsWith('.')
            ? undefined
            : /^packages\/roundtrip\/src\/([^/]+)\//.exec(path.join(path.dirname(file), from))?.[1];
        if (other !== undefined && other !== room && !(ROOMS[room] ?? []).includes(other))
          wrong.push(`${file} imports ${from}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('the shop and the tool do not know each other', () => {
    const forbidden: Readonly<Record<string, RegExp>> = {
      'packages/roundtrip/src': /^(freesport|commerceml|pg-cluster)(\/|$)/,
      'packages/freesport/src': /^(roundtrip|pg-cluster)(\/|$)/,
      'packages/commerceml/src': /^(roundtrip|freesport|pg-cluster)(\/|$)/,
    };
    const wrong = FILES.flatMap((file) =>
      Object.entries(forbidden).flatMap(([folder, names]) =>
        file.startsWith(`${folder}/`)
          ? importsOf(file)
              .filter(({ from }) => names.test(from))
              .map(({ from }) => `${file} imports ${from}`)
          : [],
      ),
    );
    assert.deepEqual(wrong, []);
  });

  it('the core is pure: no I/O and no clock in decide and fold', () => {
    for (const file of [
      'engine/decide.ts',
      'journal/fold.ts',
      'journal/chain.ts',
      'runbook/plan.ts',
      'report/report.ts',
    ]) {
      const text = readFileSync(path.join(ROOT, 'packages/roundtrip/src', file), 'utf8');
      assert.doesNotMatch(
        text,
        /from 'node:fs|Date\.now\(|new Date\(\)|performance\.now|Math\.random|process\./,
        file,
      );
    }
  });

  it('a step waits for what it notes, which another machine may have to store', () => {
    const unawaited = FILES.filter((file) => file.startsWith('packages/roundtrip/src/steps/')).filter(
      (file) => /(?<!await |=>\s+)context\.mark\(/.test(readFileSync(path.join(ROOT, file), 'utf8')),
    );
    assert.deepEqual(unawaited, [], 'await context.mark(…)');
  });

  it('files are named for one thing, and stay readable', () => {
    const named = FILES.filter((file) =>
      /(^|\/)(utils?|helpers?|lib|manager|common|misc)(\.ts|\/)/.test(file),
    );
    assert.deepEqual(named, []);
    // Beyond 400 lines a file says at its top why it is long.
    const long = FILES.filter((file) => /\/src\//.test(file)).filter((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      return text.split('\n').length > 400 && !/Long on purpose:/.test(text.slice(0, 3000));
    });
    assert.deepEqual(long, [], 'split these');
    const cased = FILES.filter((file) => !/^[a-z0-9.-]+$/.test(path.basename(file)));
    assert.deepEqual(cased, []);
  });
});
