import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { openJournal, readJournal } from '../../src/journal/journal-file.ts';
import type { JournalBody } from '../../src/journal/record.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'journal-'));
after(() => rmSync(folder, { recursive: true }));

const STARTED: JournalBody = {
  type: 'run-started',
  runId: 'r',
  kind: 'live',
  planHash: 'h',
  runbook: 'b',
  target: 't',
  toolVersion: '1',
  operator: 'o',
  identity: {},
  gate: {},
};

describe('openJournal', () => {
  it('keeps records for the operator alone, and reads them back', () => {
    const file = path.join(folder, 'a', 'journal.ndjson');
    const journal = openJournal(file, { create: true });
    journal.append(STARTED);
    journal.append({ type: 'intent', step: 's', act: 'do', attempt: 1 });
    journal.close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readJournal(file).length, 2);
  });

  it('quarantines a torn tail and goes on after the last whole record', () => {
    const file = path.join(folder, 'b', 'journal.ndjson');
    const journal = openJournal(file, { create: true });
    journal.append(STARTED);
    journal.close();
    const whole = statSync(file).size;
    appendFileSync(file, '{"n":2,"at":"20');
    const reopened = openJournal(file, { create: false });
    reopened.append({ type: 'intent', step: 's', act: 'do', attempt: 1 });
    reopened.close();
    assert.equal(readJournal(file).length, 2);
    const torn = readdirSync(path.dirname(file)).find((name) => name.includes('torn'));
    assert.equal(torn, `journal.ndjson.torn-${whole}`);
    assert.equal(readFileSync(path.join(path.dirname(file), torn ?? ''), 'utf8'), '{"n":2,"at":"20');
  });

  it('refuses an edited journal and leaves it as it is', () => {
    const file = path.join(folder, 'c', 'journal.ndjson');
    const journal = openJournal(file, { create: true });
    journal.append(STARTED);
    journal.append({ type: 'intent', step: 's', act: 'do', attempt: 1 });
    journal.close();
    const edited = readFileSync(file, 'utf8').replace('"attempt":1', '"attempt":2');
    writeFileSync(file, edited);
    assert.throws(() => openJournal(file, { create: false }), { code: 'journal-edited' });
    assert.equal(readFileSync(file, 'utf8'), edited);
  });

  it('refuses to invent a journal that is not there', () => {
    assert.throws(() => openJournal(path.join(folder, 'none.ndjson'), { create: false }), {
      code: 'journal-missing',
    });
  });
});
