import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf } from '../../src/digest.ts';
import {
  approve,
  backup,
  copyBeside,
  defineRunbook,
  maintenanceOff,
  maintenanceOn,
  migrate,
  proveTables,
  runCommand,
  storyMatrix,
  switchOver,
  type Target,
  watch,
  wayBack,
} from '../../src/index.ts';
import { type LocalJournal, openJournal } from '../../src/journal/journal-file.ts';
import type { Receipt } from '../../src/journal/receipt.ts';
import type { JournalBody, RunKind } from '../../src/journal/record.ts';
import { openStateFolder, runPaths, type StateFolder, savePlan } from '../../src/journal/run-directory.ts';
import type { JsonObject } from '../../src/json.ts';
import { type Plan, planHash, resolvePlan } from '../../src/runbook/plan.ts';
import type { WatchSample } from '../../src/watch/watch-sample.ts';

/** The start of every recorded run: a quarter past two in Moscow, inside the window. */
export const STARTED = Date.parse('2026-11-22T23:15:00.000Z');

const door = {
  flagFile: '/srv/shop/maintenance',
  write: { request: { url: 'http://shop.test/write', method: 'POST' }, open: { status: 200 } },
  read: { request: { url: 'http://shop.test/read' }, open: { status: 200 } },
};

const target = (environment: Target['environment']): Target => ({
  name: environment,
  environment,
  // Nobody listens there: what cannot be looked at must not be shown as open.
  database: { host: '127.0.0.1', port: 1, user: 'nobody', database: 'shop' },
  settings: {},
});

const runbook = defineRunbook({
  name: 'recorded',
  title: 'Products become variants',
  targets: { production: target('production'), staging: target('staging') },
  window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' },
  protectedTables: ['orders', 'order_items'],
  matrix: storyMatrix(),
  steps: () => [
    approve({ id: 'meeting', question: 'Everyone on the call?', owner: 'Team', planned: '5min' }),
    maintenanceOn({ ...door, planned: '1min' }),
    backup({ planned: '10min' }),
    wayBack({ planned: '2min' }),
    migrate({ argv: ['shop', 'migrate', '--password', 's3cret/canary', 'два слова'], planned: '5min' }),
    runCommand({
      id: 'drop-old',
      title: 'Drop what nobody reads',
      argv: ['shop', 'drop'],
      effect: 'point-of-no-return',
      planned: '1min',
    }),
    proveTables({ tables: 'protected', planned: '2min' }),
    maintenanceOff({ ...door, planned: '1min' }),
    watch({
      planned: '1h',
      plan: {
        durationMs: 3_600_000,
        intervalMs: 10_000,
        sources: [
          { kind: 'http', name: 'door', urls: ['http://shop.test/'] },
          { kind: 'host', name: 'host' },
        ],
        goals: [
          { metric: 'errorRate', max: 0.01 },
          { metric: 'latencyMs', quantile: 0.95, max: 500 },
          { metric: 'cpu', max: 0.95 },
        ],
      },
    }),
  ],
});

/** A run that a test writes record by record, with a clock of its own. */
export interface RecordedRun {
  readonly state: StateFolder;
  readonly runId: string;
  readonly plan: Plan;
  readonly folder: string;
  readonly journal: LocalJournal;
  /** Appends a record so many seconds after the one before. */
  write(afterSeconds: number, body: JournalBody): void;
  /** Intent, outcome and verification of a step that succeeds. */
  succeed(step: string, seconds: number, evidence?: JsonObject): void;
  fail(step: string, seconds: number, seen: string): void;
  sample(sample: WatchSample): void;
  close(): void;
}

const print = (rows: string, digest: string): JsonObject => ({ rows, digest: digest.repeat(64) });
export const FINGERPRINTS: JsonObject = {
  'public.orders': print('20000', 'a'),
  'public.order_items': print('51234', 'b'),
};

/** The same in miniature beside a production that serves. */
const BESIDE = defineRunbook({
  name: 'recorded',
  title: 'Products become variants, side by side',
  targets: { production: target('production'), staging: target('staging') },
  window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' },
  protectedTables: ['orders', 'order_items'],
  matrix: [],
  steps: () => [
    copyBeside({ tables: ['orders', 'order_items'], planned: '10min' }),
    migrate({ argv: ['shop', 'migrate'], on: 'copy', planned: '5min' }),
    switchOver({ planned: '1min' }),
  ],
});

/** A state folder with one run that has begun and done nothing. */
export function recordedRun(options: {
  readonly kind: RunKind;
  readonly strategy?: 'in-place' | 'side-by-side';
  readonly state?: StateFolder;
}): RecordedRun {
  const { kind } = options;
  const state = options.state ?? openStateFolder(mkdtempSync(path.join(tmpdir(), 'recorded-')));
  const environment = kind === 'live' ? 'production' : 'staging';
  const plan = resolvePlan({
    runbook: options.strategy === 'side-by-side' ? BESIDE : runbook,
    target: environment,
    releases: null,
  });
  // The rehearsal was the evening before, so that the live run is the newest.
  const runId = kind === 'live' ? '2026-11-22T23-15-00-live-01ab' : '2026-11-21T20-00-00-rehearsal-00ab';
  savePlan(state, runId, plan);
  let nowMs = STARTED;
  const { journal: file, folder } = runPaths(state, runId);
  const journal = openJournal(file, { create: true, now: () => new Date(nowMs) });
  const write: RecordedRun['write'] = (afterSeconds, body) => {
    nowMs += afterSeconds * 1000;
    journal.append(body);
  };
  write(0, {
    type: 'run-started',
    runId,
    kind,
    planHash: planHash(plan),
    runbook: 'recorded',
    target: environment,
    toolVersion: '0.1.0',
    operator: 'anna@ops-1',
    identity: { systemIdentifier: '7301234567890123456', serverVersion: '15.18' },
    gate: { receipt: null },
  });
  const outcome = (step: string, act: 'do' | 'verify', seconds: number, evidence: JsonObject): void =>
    write(seconds, { type: 'outcome', step, act, ok: true, durationMs: seconds * 1000, evidence });
  return {
    state,
    runId,
    plan,
    folder,
    journal,
    write,
    succeed(step, seconds, evidence = {}) {
      write(1, { type: 'intent', step, act: 'do', attempt: 1 });
      outcome(step, 'do', seconds, evidence);
      write(0, { type: 'intent', step, act: 'verify', attempt: 1 });
      outcome(step, 'verify', 0, {});
    },
    fail(step, seconds, seen) {
      write(1, { type: 'intent', step, act: 'do', attempt: 1 });
      const error = {
        outcome: 'failed',
        code: 'command-failed',
        seen,
        expected: 'exit 0',
        next: 'read its log',
      } as const;
      write(seconds, { type: 'outcome', step, act: 'do', ok: false, durationMs: seconds * 1000, error });
    },
    sample: (sample) =>
      appendFileSync(path.join(folder, 'watch.samples.ndjson'), `${JSON.stringify(sample)}\n`),
    close: () => journal.close(),
  };
}

const changes = (inserted: number, updated: number): JsonObject => ({
  inserted,
  updated,
  deleted: 0,
  emptied: 0,
});
/** Beside production customers placed 400 orders and changed 12 lines while the copy was made, and ordered 30 times after. */
const CHANGES: JsonObject = {
  'public.orders': { stream: changes(400, 0), others: changes(0, 0) },
  'public.order_items': { stream: changes(0, 12), others: changes(0, 0) },
};
const CUSTOMERS: JsonObject = { 'public.orders': changes(30, 0), 'public.order_items': changes(0, 0) };

/** A whole night beside production: 131 ms of fence there, 202 ms back. */
export function recordSwitchAndBack(run: RecordedRun, until: 'copied' | 'switched' | 'returned'): void {
  run.succeed('copy-beside', 240, { trust: 'T3', fingerprints: FINGERPRINTS });
  run.succeed('migrate', 30);
  if (until === 'copied') return;
  run.succeed('switch-over', 3, { gapMs: 131, compared: FINGERPRINTS, changes: CHANGES });
  if (until === 'switched') return;
  run.write(60, {
    type: 'rollback-started',
    reason: 'prices look wrong',
    automatic: false,
    operator: 'anna@ops-1',
  });
  const back = { gapMs: 202, fingerprints: FINGERPRINTS, customers: CUSTOMERS };
  undo(run, { step: 'switch-over', seconds: 2, evidence: back });
  undo(run, { step: 'copy-beside', seconds: 2, evidence: {} });
  run.write(0, { type: 'run-finished', verdict: 'rolled-back' });
}

/** A rollback in place: the way back to these fingerprints, the backup let go, maintenance off; each step takes so long. */
export function recordRollback(
  run: RecordedRun,
  rollback: {
    readonly reason: string;
    readonly automatic: boolean;
    readonly returned: JsonObject;
    readonly stepSeconds: number;
  },
): void {
  const { reason, automatic, returned, stepSeconds } = rollback;
  run.write(10, { type: 'rollback-started', reason, automatic, operator: 'anna' });
  for (const step of ['way-back', 'backup', 'maintenance-on']) {
    const evidence = step === 'way-back' ? { fingerprints: returned } : {};
    undo(run, { step, seconds: stepSeconds, evidence });
  }
  run.write(0, { type: 'run-finished', verdict: 'rolled-back' });
}

function undo(
  run: RecordedRun,
  act: { readonly step: string; readonly seconds: number; readonly evidence: JsonObject },
): void {
  const { step, seconds, evidence } = act;
  run.write(1, { type: 'intent', step, act: 'undo', attempt: 1 });
  run.write(seconds, { type: 'outcome', step, act: 'undo', ok: true, durationMs: seconds * 1000, evidence });
}

/** The night until the migration, approval included. */
export function recordUntilMigration(run: RecordedRun): void {
  run.write(5, { type: 'approved', step: 'meeting', operator: 'anna@ops-1', comment: 'all here' });
  run.succeed('meeting', 1);
  run.succeed('maintenance-on', 2, { state: 'on' });
  run.succeed('backup', 240, { trust: 'T3', bytes: 123_456_789, fingerprints: FINGERPRINTS });
  run.succeed('way-back', 20, { tablesCompared: 12 });
}

/** An hour of samples with a gap in the middle and a burst of errors after it. */
export function recordWatch(run: RecordedRun, samples: number): void {
  for (let index = 0; index < samples; index += 1) {
    const atMs = index * 10_000 + (index >= samples / 2 ? 300_000 : 0);
    const at = new Date(STARTED + 1_800_000 + atMs).toISOString();
    const bad = index % 40 === 39 ? 1 : 0;
    run.sample({
      atMs,
      at,
      readings: [
        {
          source: 'door',
          requests: 20,
          errors: bad,
          latency: [
            [40, 80, 18],
            [80, 160, 2],
          ],
        },
        { source: 'host', values: { cpu: 0.2 + (index % 7) / 20, memory: 0.5 } },
      ],
    });
  }
}

/** A receipt for a run's plan, with its rollback rehearsed in two minutes. */
export function rehearsedReceipt(run: RecordedRun): Receipt {
  const unhashed = {
    format: 1 as const,
    planHash: planHash(run.plan),
    runbook: run.plan.runbook,
    runId: '2026-11-20T20-00-00-rehearsal-00aa',
    rehearsedOn: 'staging',
    finishedAt: '2026-11-20T20:10:00.000Z',
    toolVersion: '0.1.0',
    durationsMs: {
      migrate: 60_000,
      'drop-old': 1_000,
      'prove-protected-tables': 2_000,
      'maintenance-off': 1_000,
    },
    rollbackMs: 120_000,
    dataBytes: 1,
    protectedTables: [],
    journalHead: '',
  };
  return { ...unhashed, hash: digestOf(unhashed) };
}
