import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EXIT } from 'roundtrip/cli';
import { concluded, positive } from '../demo/concluded.ts';
import { untilInterrupted } from '../demo/interruption.ts';
import { runServicesNight, type ServicesNight } from './services-night.ts';
import { buildServicesStage, type ServicesStage } from './services-stage.ts';
import { type Shown, shownTable, whatWasShown } from './shown.ts';

const interruption = untilInterrupted();
process.exitCode = await concluded(interruption, () => servicesDemo(readOptions()));

interface Options {
  readonly orders: number;
  /** Watch time per real time. */
  readonly speed: number;
  readonly json: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '3000' },
      speed: { type: 'string', default: '6' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    orders: positive('--orders', values.orders),
    speed: positive('--speed', values.speed),
    json: values.json,
  };
}

/** The story with the real services; returns the exit code. The last line of stdout is one JSON object. */
async function servicesDemo({ orders, speed, json }: Options): Promise<number> {
  const startedMs = Date.now();
  const say = (line: string): void =>
    void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  const stage = await buildServicesStage({ orders, speed, say, signal: interruption });
  let night: ServicesNight;
  try {
    night = await runServicesNight(stage, { signal: interruption, say });
  } finally {
    say('taking the stage down');
    await stage.close();
  }
  const shown = [...whatWasShown(night), nothingLeft(stage)];
  if (!json) process.stdout.write(shownTable(night, shown));
  const all = shown.every(({ holds }) => holds);
  const result = {
    verdict: all ? 'pass' : 'fail',
    exitCode: night.exitCode,
    shown: Object.fromEntries(shown.map(({ id, holds }) => [id, holds])),
    ...factsOf(night),
    ordersPlaced: night.ordersPlaced,
    ordersLost: night.ordersLost,
    // The shop is closed for the night: nobody orders while it is switched.
    switchGapMs: null,
    rollbackGapMs: null,
    rollbackMs: night.report.summary.rollback?.ms ?? null,
    durationMs: Date.now() - startedMs,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return all ? EXIT.success : EXIT.internal;
}

/** What the demo's other nights tell too, under the same names. */
function factsOf({ before, afterRun, after }: ServicesNight): Record<string, unknown> {
  const counts = (of: 'products' | 'variants') => ({
    before: before[of],
    afterRun: afterRun?.[of] ?? null,
    afterRollback: after[of],
  });
  const fingerprints = before.protectedTables.map(({ table, fingerprint }) => {
    const later = (facts: typeof afterRun) =>
      facts?.protectedTables.find((fact) => fact.table === table)?.fingerprint ?? null;
    return [table, { before: fingerprint, afterRun: later(afterRun), afterRollback: later(after) }];
  });
  return {
    protectedTables: Object.fromEntries(fingerprints),
    products: counts('products'),
    variants: counts('variants'),
  };
}

/** Looked at once everything is closed. */
function nothingLeft({ daemons, folder }: ServicesStage): Shown {
  const left = daemons.filter(({ pid }) => groupLives(pid)).map(({ name }) => name);
  if (existsSync(folder)) left.push(folder);
  return {
    id: 'nothingLeft',
    what: 'nothing is left running, and no file',
    holds: left.length === 0,
    evidence:
      left.length === 0
        ? `${daemons.map(({ name }) => name).join(', ')} ended; the folder is gone`
        : left.join(', '),
  };
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
