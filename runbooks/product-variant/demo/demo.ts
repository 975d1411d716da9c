import { parseArgs } from 'node:util';
import { type CliEnvironment, EXIT, main, processEnvironment, stepKinds } from 'roundtrip/cli';
import { concluded, NoReceipt, positive } from './concluded.ts';
import { missingOrders, orderableSkus, placeOrders } from './customers.ts';
import { gapsOf, onNewRelease } from './customers-waits.ts';
import { facts } from './facts.ts';
import { withFault } from './faults.ts';
import { finalTable } from './final-table.ts';
import { Interrupted, untilInterrupted } from './interruption.ts';
import { judge } from './judge.ts';
import type { Night } from './night.ts';
import { type Ordering, startOrdering } from './ordering.ts';
import { requireExchange, requireStep } from './required.ts';
import { buildStage, type Stage } from './shop-stage.ts';

/** One demo as asked for on the command line. */
interface DemoOptions {
  readonly exchange?: string | undefined;
  readonly fail?: string | undefined;
  readonly orders: number;
  /** Close the shop for the night, as the story does, instead of migrating a copy beside it. */
  readonly inPlace: boolean;
  readonly json: boolean;
}

const ORDERS_AFTER_THE_SWITCH = 60;
/** Customers all night long, where the shop stays open. */
const NIGHT = { customers: 8, ordersPerSecond: 32 };

const interruption = untilInterrupted();
process.exitCode = await concluded(interruption, () => demo(readOptions()));

function readOptions(): DemoOptions {
  const { values } = parseArgs({
    options: {
      exchange: { type: 'string' },
      fail: { type: 'string' },
      orders: { type: 'string', default: '20000' },
      'in-place': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const inPlace = values['in-place'];
  // Before anything is built: a typing error costs no minute.
  if (values.exchange !== undefined) requireExchange(values.exchange);
  if (values.fail !== undefined) requireStep(values.fail, { inPlace });
  return {
    exchange: values.exchange,
    fail: values.fail,
    orders: positive('--orders', values.orders),
    inPlace,
    json: values.json,
  };
}

/** The whole story; returns the exit code. The last line of stdout is one JSON object. */
async function demo(options: DemoOptions): Promise<number> {
  const startedMs = Date.now();
  const say = (line: string): void =>
    void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  const { orders, exchange, inPlace } = options;
  const stage = await buildStage({ orders, exchange, inPlace, say, signal: interruption });
  try {
    const night = await runNight(stage, options, say);
    if (!options.json) process.stdout.write(finalTable(night));
    const judged = judge(night, options.fail);
    process.stdout.write(`${JSON.stringify({ ...judged.result, durationMs: Date.now() - startedMs })}\n`);
    return judged.exitCode;
  } finally {
    say('taking the stage down');
    await stage.close();
  }
}

async function runNight(stage: Stage, options: DemoOptions, say: (line: string) => void): Promise<Night> {
  process.env.ROUNDTRIP_TARGETS = stage.targetsFile;
  const { default: runbook } = await import('../runbook.ts');
  const real = processEnvironment(interruption);
  const kinds =
    options.fail === undefined
      ? stepKinds
      : withFault(stepKinds, { step: options.fail, target: stage.production });
  const environment: CliEnvironment = {
    ...real,
    stdout: process.stderr,
    variables: { ...real.variables, ROUNDTRIP_STATE: `${stage.folder}/state` },
    kinds,
    runbook,
  };
  const verb = async (...argv: readonly string[]): Promise<number> => {
    say(`$ roundtrip ${argv.join(' ')}`);
    const ended = await main(argv, environment);
    if (interruption.aborted) throw new Interrupted();
    return ended;
  };
  const before = await facts(stage);
  const night = options.inPlace ? undefined : await openAllNight(stage, say);
  // Of an interrupted demo nobody asks what the customers got, and the shop that they wait for is about to stop.
  interruption.addEventListener('abort', () => void night?.stop().catch(() => undefined), { once: true });
  await verb('plan', '--target', 'production');
  const rehearsed = await verb('rehearse', '--target', 'production');
  if (rehearsed !== EXIT.success) throw new NoReceipt(rehearsed);
  await verb(
    'run',
    '--target',
    'production',
    '--confirm',
    'production',
    '--override',
    'window=a demo happens at any hour',
  );
  const ran = await verb(
    'approve',
    '--target',
    'production',
    '--step',
    'meeting',
    '--comment',
    'all on the call',
  );
  const afterRun = await facts(stage, before);
  // A run that failed is back already; one that succeeded serves customers and is rolled back on request, as hours later.
  const orders = ran === EXIT.success ? await placeOrders(stage, ORDERS_AFTER_THE_SWITCH) : [];
  if (orders.length > 0) say(`customers placed ${orders.length} orders on the new release`);
  const exitCode =
    ran === EXIT.success
      ? await verb(
          'rollback',
          '--target',
          'production',
          '--confirm',
          'production',
          '--reason',
          'the demo shows the way back',
        )
      : ran;
  const afterRollback = ran === EXIT.success ? await facts(stage, before) : afterRun;
  const nightly = (await night?.stop()) ?? [];
  const numbers = [...nightly.flatMap(({ number }) => number ?? []), ...orders];
  const ordersLost = await missingOrders(stage, numbers);
  const { reportOf, verifyReport } = await import('roundtrip/cli');
  const report = reportOf(environment, { target: 'production', kind: 'live' });
  const rehearsal = reportOf(environment, { target: 'staging', kind: 'rehearsal' });
  const reportProblems = verifyReport(JSON.stringify(report)).problems;
  return {
    stage,
    exitCode,
    before,
    afterRun,
    afterRollback,
    rollbackMs: report.summary.rollback?.ms ?? null,
    report,
    rehearsal,
    reportProblems,
    ordersPlaced: numbers.length,
    ordersLost,
    ...gapsOf(report, nightly),
    ordersOnNewRelease: orders.length + onNewRelease(report, nightly),
  };
}

async function openAllNight(stage: Stage, say: (line: string) => void): Promise<Ordering> {
  const skuIds = await orderableSkus(stage);
  if (skuIds.length === 0) throw new Error('no SKU of the seeded shop is in stock: nobody could order');
  say(`customers order all night, ${NIGHT.ordersPerSecond} orders a second`);
  return startOrdering({ ...NIGHT, baseUrl: stage.production.settings.baseUrl ?? '', skuIds });
}
