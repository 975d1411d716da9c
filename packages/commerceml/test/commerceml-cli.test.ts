import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

const CLI = path.resolve(import.meta.dirname, '../bin/commerceml.ts');
const FIXTURES = path.resolve(import.meta.dirname, 'fixtures');
const scratch = mkdtempSync(path.join(tmpdir(), 'commerceml-cli-'));
after(() => rmSync(scratch, { recursive: true }));

function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

describe('commerceml', () => {
  it('inspects with one JSON object of the agreed fields', () => {
    const { code, stdout, stderr } = run('inspect', path.join(FIXTURES, 'defects-31'), '--json');
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout);
    const {
      schema,
      full,
      groups,
      goods,
      goodsDeleted,
      offers,
      offersWithCharacteristic,
      offersOrphaned,
      goodsWithoutOffer,
      priceTypes,
      prices,
      pricesSum,
      rests,
      stockTotal,
      warnings,
    } = summary;
    assert.deepEqual(
      {
        schema,
        full,
        groups,
        goods,
        goodsDeleted,
        offers,
        offersWithCharacteristic,
        offersOrphaned,
        goodsWithoutOffer,
        priceTypes,
        prices,
        pricesSum,
        rests,
        stockTotal,
      },
      {
        schema: '3.1',
        full: false,
        groups: 4,
        goods: 4,
        goodsDeleted: 1,
        offers: 2,
        offersWithCharacteristic: 2,
        offersOrphaned: 1,
        goodsWithoutOffer: 2,
        priceTypes: 2,
        prices: 3,
        pricesSum: '3054.5',
        rests: 3,
        stockTotal: '4.5',
      },
    );
    assert.equal(warnings['boolean-size'], 1);
  });

  it('inspects with a table for people', () => {
    const { code, stdout } = run('inspect', path.join(FIXTURES, 'defects-204'));
    assert.equal(code, 0);
    assert.match(stdout, /^offers +2$/m);
    assert.match(stdout, /^ {2}stock-total-differs +1$/m);
  });

  it('generates what it then inspects', () => {
    const dir = path.join(scratch, 'generated');
    const generated = run(
      'generate',
      dir,
      '--goods',
      '50',
      '--offers-per-good',
      '4',
      '--seed',
      '9',
      '--json',
    );
    assert.equal(generated.code, 0, generated.stderr);
    const { files, bytes, ...truth } = JSON.parse(generated.stdout);
    const summary = JSON.parse(run('inspect', dir, '--json').stdout);
    assert.deepEqual({ ...summary, ...truth }, summary);
    assert.ok(files > 0 && bytes > 0);
  });

  it('fails on a cut file with its name and offset, exit code 4, nothing on stdout', () => {
    const dir = path.join(scratch, 'cut');
    cpSync(path.join(FIXTURES, 'defects-204'), dir, { recursive: true });
    truncateSync(path.join(dir, 'offers.xml'), 400);
    const { code, stdout, stderr } = run('inspect', dir, '--json');
    assert.equal(code, 4);
    assert.equal(stdout, '');
    assert.match(stderr, /offers\.xml: .*at byte 400.*code: (truncated|invalid-encoding)/s);
  });

  it('ends with 2 on wrong usage', () => {
    assert.equal(run('inspect').code, 2);
    assert.equal(run('generate', scratch, '--goods', 'many').code, 2);
    assert.equal(run('generate', scratch, '--goods', '1', '--layout', '1.0').code, 2);
    assert.equal(run('explode').code, 2);
    assert.equal(run('--help').code, 0);
  });
});

describe('README.md', () => {
  it('names every error and every warning of the sources, and no other', () => {
    const read = (file: string): string =>
      readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8');
    const codesOf = (file: string, type: string): string[] => {
      const declared = new RegExp(`export type ${type} =([\\s\\S]*?);`).exec(read(file))?.[1] ?? '';
      return [...declared.matchAll(/\| '([a-z-]+)'/g)].map(([, code = '']) => code);
    };
    const listed = [...read('README.md').matchAll(/^\| ((?:`[A-Za-z-]+`(?:, )?)+) \|/gm)].flatMap(
      ([, codes = '']) => codes.replaceAll('`', '').split(', '),
    );
    const codes = [
      ...codesOf('src/errors.ts', 'CommerceMlErrorCode'),
      ...codesOf('src/records.ts', 'WarningCode'),
    ];
    assert.ok(codes.length > 30, `${codes.length} codes`);
    assert.deepEqual(
      codes.filter((code) => !listed.includes(code)),
      [],
    );
    const records = [...read('src/records.ts').matchAll(/readonly kind: '(\w+)'/g)].map(
      ([, kind = '']) => kind,
    );
    assert.deepEqual(listed.sort(), [...codes, ...records].sort());
  });

  it('has an example that runs as it stands', () => {
    const readme = readFileSync(path.resolve(import.meta.dirname, '../README.md'), 'utf8');
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? assert.fail('no example');
    const dir = path.join(scratch, 'readme');
    assert.equal(run('generate', dir, '--goods', '20', '--offers-per-good', '3').code, 0);
    const code = example.replace("'/var/1c/exchange'", JSON.stringify(dir));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module-typescript', '-e', code],
      { encoding: 'utf8', cwd: import.meta.dirname, timeout: 60_000 },
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /62 offers, first size \S+, \d+ defects/);
  });
});
