import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type CliEnvironment,
  EXIT,
  main,
  processEnvironment,
  type Report,
  reportOf,
  stepKinds,
  verifyReport,
} from 'roundtrip/cli';
import { NoReceipt } from '../demo/concluded.ts';
import { missingOrders, orderableSkus, placeOrders } from '../demo/customers.ts';
import { type Facts, facts } from '../demo/facts.ts';
import { Interrupted } from '../demo/interruption.ts';
import { type Ordering, startOrdering } from '../demo/ordering.ts';
import { OPERATOR_ADDRESS } from './configurations.ts';
import { type Look, observeDoor } from './door-observer.ts';
import { duringWatch } from './during-watch.ts';
import type { ServicesStage } from './services-stage.ts';

/** The shop's API at one moment: what it says of itself, and the process that supervisor says it is. */
export interface Serving {
  readonly release: string;
  readonly pid: number;
  readonly supervisedPid: number | undefined;
}

/** What one source of the live watch gave, all samples together. */
export interface SourceTotals {
  readonly source: string;
  readonly requests: number;
  readonly errors: number;
  readonly missing: number;
}

/** Everything that was seen of one night. */
export interface ServicesNight {
  readonly stage: ServicesStage;
  readonly exitCode: number;
  readonly report: Report;
  readonly rehearsal: Report;
  readonly reportProblems: readonly string[];
  readonly before: Facts;
  /** As the watch began. */
  readonly afterRun: Facts | undefined;
  readonly after: Facts;
  readonly serving: {
    readonly before: Serving;
    readonly watched: Serving | undefined;
    readonly after: Serving;
  };
  readonly customer: readonly Look[];
  readonly operator: readonly Look[];
  /** When the catalogue was broken, ms since the epoch. */
  readonly brokenAtMs: number | undefined;
  readonly sources: readonly SourceTotals[];
  readonly ordersPlaced: number;
  readonly ordersLost: number;
  /** Alerts of Prometheus that fired. */
  readonly fired: readonly Labels[];
  readonly nodeExporterUp: boolean;
}

type Labels = Readonly<Record<string, string>>;

const ORDERS_ON_NEW_RELEASE = 20;
const CUSTOMERS = { customers: 2, ordersPerSecond: 6 };
/** Enough of the watch for it to say that all is well. */
const BREAKS_AFTER_MS = 3_000;
/** By hand, at night, in haste: the list of products needs the column, orders do not. */
const BREAK = 'ALTER TABLE brands RENAME COLUMN slug TO url_key';

/**
 * Rehearses and runs the story with the real services; breaks the catalogue during the watch and lets the run go back by
 * itself.
 *
 * @throws Interrupted; NoReceipt.
 */
export async function runServicesNight(
  stage: ServicesStage,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<ServicesNight> {
  process.env.ROUNDTRIP_TARGETS = stage.targetsFile;
  const { default: runbook } = await import('../runbook.ts');
  let ordering: Ordering | undefined;
  let ordersBorn: readonly string[] = [];
  let watched: Serving | undefined;
  let afterRun: Facts | undefined;
  let brokenAtMs: number | undefined;
  const before = await facts(stage);
  const skuIds = await orderableSkus(stage);
  const kinds = duringWatch(stepKinds, {
    before: async () => {
      watched = await servingOf(stage);
      afterRun = await facts(stage, before);
      ordersBorn = await placeOrders(stage, ORDERS_ON_NEW_RELEASE);
      say(
        `customers placed ${ordersBorn.length} orders, some for goods that 13.3 has never seen, and go on ordering`,
      );
      ordering = startOrdering({ ...CUSTOMERS, baseUrl: stage.production.settings.baseUrl ?? '', skuIds });
    },
    afterMs: BREAKS_AFTER_MS,
    meanwhile: async () => {
      await stage.productionCluster.query(BREAK, [], stage.production.database.database);
      brokenAtMs = Date.now();
      say(`somebody ran on production: ${BREAK}`);
    },
  });
  const real = processEnvironment(signal);
  const variables = { ...real.variables, ROUNDTRIP_STATE: path.join(stage.folder, 'state') };
  const environment: CliEnvironment = { ...real, stdout: process.stderr, variables, kinds, runbook };
  const verb = async (...argv: readonly string[]): Promise<number> => {
    say(`$ roundtrip ${argv.join(' ')}`);
    const exitCode = await main(argv, environment);
    if (signal.aborted) throw new Interrupted();
    return exitCode;
  };
  const servingBefore = await servingOf(stage);
  const rehearsed = await verb('rehearse', '--target', 'production');
  if (rehearsed !== EXIT.success) throw new NoReceipt(rehearsed);
  const door = observeDoor({
    url: `${stage.production.settings.baseUrl}/api/products/`,
    operatorAddress: OPERATOR_ADDRESS,
  });
  try {
    await verb(
      'run',
      '--target',
      'production',
      '--confirm',
      'production',
      '--override',
      'window=a demo happens at any hour',
    );
    const exitCode = await verb(
      'approve',
      '--target',
      'production',
      '--step',
      'meeting',
      '--comment',
      'all on the call',
    );
    const nightly = (await ordering?.stop()) ?? [];
    const fired = await firedAlerts(stage.prometheusUrl);
    await door.stop();
    const orders = [...ordersBorn, ...nightly.flatMap(({ number }) => number ?? [])];
    const report = reportOf(environment, { target: 'production', kind: 'live' });
    return {
      stage,
      exitCode,
      report,
      rehearsal: reportOf(environment, { target: 'staging', kind: 'rehearsal' }),
      reportProblems: verifyReport(JSON.stringify(report)).problems,
      before,
      afterRun,
      after: await facts(stage, before),
      serving: { before: servingBefore, watched, after: await servingOf(stage) },
      customer: door.customer,
      operator: door.operator,
      brokenAtMs,
      sources: sourceTotals(stage, report.summary.runId),
      ordersPlaced: orders.length,
      ordersLost: await missingOrders(stage, orders),
      fired,
      nodeExporterUp: await isUp(stage.prometheusUrl, 'node'),
    };
  } finally {
    await door.stop();
    // Where the run was interrupted the orders under way are nobody's evidence, and the shop is about to stop.
    void ordering?.stop().catch(() => undefined);
  }
}

async function servingOf(stage: ServicesStage): Promise<Serving> {
  const response = await fetch(`${stage.production.settings.baseUrl}/api/health/`);
  const { release, pid } = (await response.json()) as { release: string; pid: number };
  return { release, pid, supervisedPid: await stage.supervisedPid('production:api') };
}

/** The samples that the live watch rests on, summed up by source. */
function sourceTotals(stage: ServicesStage, runId: string): SourceTotals[] {
  const [file] = globSync(path.join(stage.folder, 'state/**', runId, 'watch.samples.ndjson'));
  if (file === undefined || !existsSync(file)) return [];
  const readings = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as { readings: readonly Reading[] }).readings);
  return [...Map.groupBy(readings, ({ source }) => source)].map(([source, all]) => ({
    source,
    requests: all.reduce((sum, { requests = 0 }) => sum + requests, 0),
    errors: all.reduce((sum, { errors = 0 }) => sum + errors, 0),
    missing: all.filter(({ missing }) => missing !== undefined).length,
  }));
}

interface Reading {
  readonly source: string;
  readonly requests?: number;
  readonly errors?: number;
  readonly missing?: string;
}

/** Every alert that fired at any time: the rollback ends the burst, and some of them with it. */
async function firedAlerts(prometheusUrl: string): Promise<Labels[]> {
  return await vector(prometheusUrl, 'count_over_time(ALERTS{alertstate="firing"}[10m])');
}

async function isUp(prometheusUrl: string, job: string): Promise<boolean> {
  return (await vector(prometheusUrl, `up{job="${job}"} == 1`)).length === 1;
}

async function vector(prometheusUrl: string, query: string): Promise<Labels[]> {
  const answer = await fetch(`${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`);
  const { data } = (await answer.json()) as { data: { result: { metric: Labels }[] } };
  return data.result.map(({ metric }) => metric);
}
