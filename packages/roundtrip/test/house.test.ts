import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../..');
// What git tracks and what is about to be added: nothing that a build or an editor has left behind.
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

/** The same of `packages/freesport/src`. */
const SHOP_ROOMS: Readonly<Record<string, readonly string[]>> = {
  html: [],
  database: [],
  service: [],
  cart: [],
  users: ['cart'],
  orders: ['cart'],
  catalogue: ['database', 'orders', 'users'],
  onec: ['database', 'orders'],
  seed: ['catalogue', 'database'],
  api: ['cart', 'catalogue', 'database', 'html', 'orders', 'service', 'users'],
  storefront: ['api', 'cart', 'catalogue', 'html', 'orders', 'users'],
  admin: ['api', 'html', 'users'],
  releases: ['admin', 'catalogue', 'onec'],
  worker: ['database', 'orders', 'releases', 'service'],
  server: ['api', 'catalogue', 'database', 'html', 'releases', 'service', 'storefront'],
  commands: ['database', 'onec', 'releases', 'seed', 'server', 'service', 'users', 'worker'],
};

function importsOf(file: string): { readonly from: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (type )?[^;]*? from '([^']+)';|^import '([^']+)';/gm)].map(
    (match) => ({ from: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined }),
  );
}

describe('the rules of the house', () => {
  for (const [name, rooms] of [
    ['roundtrip', ROOMS],
    ['freesport', SHOP_ROOMS],
  ] as const)
    it(`the rooms of ${name} import one way`, () => {
      const wrong: string[] = [];
      for (const file of FILES) {
        const roomOf = (path: string): string | undefined =>
          new RegExp(`^packages/${name}/src/([^/]+)/`).exec(path)?.[1];
        const room = roomOf(file);
        if (room === undefined) continue;
        for (const { from, typeOnly } of importsOf(file)) {
          // A type may be named from anywhere: it is gone when the code runs.
          const other =
            typeOnly || !from.startsWith('.') ? undefined : roomOf(path.join(path.dirname(file), from));
          if (other !== undefined && other !== room && !(rooms[room] ?? []).includes(other))
            wrong.push(`${file} imports ${from}`);
        }
      }
      assert.deepEqual(wrong, []);
    });

  it('no room may import one that may import it', () => {
    for (const rooms of [ROOMS, SHOP_ROOMS]) {
      const reached = (room: string, by: readonly string[]): readonly string[] =>
        (rooms[room] ?? []).flatMap((next) => {
          assert.ok(!by.includes(next), [...by, room, next].join(' → '));
          return [next, ...reached(next, [...by, room])];
        });
      for (const room of Object.keys(rooms)) assert.ok(!reached(room, []).includes(room), room);
    }
  });

  it('no file imports itself in a circle when it runs', () => {
    const graph = new Map(
      FILES.filter((file) => !file.includes('/test/')).map((file) => [
        file,
        importsOf(file)
          .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
          .map(({ from }) => path.join(path.dirname(file), from)),
      ]),
    );
    const done = new Set<string>();
    const visit = (file: string, by: readonly string[]): void => {
      assert.ok(!by.includes(file), [...by, file].join(' → '));
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...by, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
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
