import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Inspection } from '../journal/record.ts';
import type { Json, JsonObject } from '../json.ts';
import { toolEnvironment } from '../postgres/connection.ts';
import type { RunProcessResult } from '../process/run-process.ts';
import { type Duration, durationMs } from '../runbook/duration.ts';
import { type StepCommon, type StepEffect, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { runOn } from '../services/run-on.ts';
import type { RemoteHost } from '../services/ssh.ts';
import { noteInvalidIndexes, refuseHalfBuilt } from './half-built-indexes.ts';
import { observeLocks } from './observe-locks.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren, noteRemote } from './survivors.ts';
import { applicationName, databaseOf, type WorksOn } from './target-databases.ts';
import { type BlockerWatch, watchBlockers } from './watch-blockers.ts';

export interface CommandArgs extends JsonObject {
  readonly argv: readonly string[];
  /** A `RemoteHost`: all of the step's commands run there. */
  readonly host?: JsonObject | undefined;
  readonly cwd?: string | undefined;
  /** Added to a small allow-list of the operator's environment. Never secrets: those stay in files. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** Give the command PGHOST … PGPASSFILE of the target's database. */
  readonly database: boolean;
  /** Which database that is; `copy` between `copyBeside` and `switchOver`. Default `live`. */
  readonly on?: WorksOn | undefined;
  /** Exit 0: the effect is there; exit 1: it is not; anything else: cannot tell. */
  readonly inspect?: readonly string[] | undefined;
  readonly undo?: readonly string[] | undefined;
  readonly verify?: readonly string[] | undefined;
  /** How long its sessions may wait for a lock that somebody else holds. */
  readonly lockPatienceMs: number;
  /** Whether repeating the command after a crash is safe. Without it and without `inspect` a human decides. */
  readonly idempotent: boolean;
}

/** What a command of the application is run with, where, and how the tool learns what became of it. */
export type CommandOptions = StepCommon & {
  readonly argv: readonly string[];
  /** Over ssh; the target's password file must have the same path there when `database` is set. */
  readonly host?: RemoteHost | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly database?: boolean | undefined;
  readonly on?: WorksOn | undefined;
  readonly inspect?: readonly string[] | undefined;
  readonly undo?: readonly string[] | undefined;
  readonly verify?: readonly string[] | undefined;
  readonly idempotent?: boolean | undefined;
  /** How long its sessions may wait for a lock that somebody else holds, before it is given up. Default a minute. */
  readonly lockPatience?: Duration | undefined;
};

/** In milliseconds, as told or a minute. */
export function lockPatienceMs({ lockPatience }: Pick<CommandOptions, 'lockPatience'>): number {
  return durationMs(lockPatience ?? '1min');
}

/**
 * Runs a command without a shell, in a process group of its own. Its stdout's last line, where it is JSON, becomes
 * evidence (`stdout`), so that later steps can compare with what it reported.
 *
 * @example runCommand({ id: 'exchange', argv: ['commerceml', 'inspect', dir, '--json'], effect: 'none' })
 */
export function runCommand(options: CommandOptions & { readonly effect: StepEffect }): StepSpec {
  return commandStep({
    options,
    defaultId: 'command',
    defaultTitle: options.argv.join(' '),
    effect: options.effect,
  });
}

/**
 * The application's own schema migration: idempotent, undone by the way back.
 *
 * @example migrate({ argv: ['python3', 'manage.py', 'migrate'], cwd: '/srv/shop/current', planned: '3min' })
 */
export function migrate(options: CommandOptions): StepSpec {
  return commandStep({
    options: { database: true, idempotent: true, ...options },
    defaultId: 'migrate',
    defaultTitle: 'Run schema migrations',
    effect: 'undone-by-way-back',
  });
}

/**
 * The full import of the catalogue: idempotent, undone by the way back.
 *
 * @example importCatalogue({ argv: ['shop', 'import', '--full', '/var/1c/exchange'], planned: '30min' })
 */
export function importCatalogue(options: CommandOptions): StepSpec {
  return commandStep({
    options: { database: true, idempotent: true, ...options },
    defaultId: 'import',
    defaultTitle: 'Import the catalogue',
    effect: 'undone-by-way-back',
  });
}

function commandStep(parts: {
  readonly options: CommandOptions;
  readonly defaultId: string;
  readonly defaultTitle: string;
  readonly effect: StepEffect;
}): StepSpec {
  const { argv, host, cwd, env, database, on, inspect, undo, verify, idempotent } = parts.options;
  const { defaultId, defaultTitle, effect } = parts;
  const args: JsonObject = {
    argv,
    host: host === undefined ? undefined : { ...host },
    cwd,
    env,
    database: database ?? false,
    on,
    inspect,
    undo,
    verify,
    idempotent: idempotent ?? effect === 'none',
    lockPatienceMs: lockPatienceMs(parts.options),
  };
  return stepSpec({ kind: 'command', defaultId, defaultTitle, effect, common: parts.options, args });
}

/** Runs one of a step's commands; what it prints goes to the log of the run. */
export async function runStepCommand(
  context: StepContext,
  args: CommandArgs,
  argv: readonly string[],
  okExitCodes: readonly number[] = [0],
): Promise<RunProcessResult> {
  const database = args.database
    ? toolEnvironment(databaseOf(context, args.on), { applicationName: applicationName(context) })
    : {};
  const host = args.host as unknown as RemoteHost | undefined;
  const blockers = args.database ? await watchOf(context, args) : undefined;
  try {
    return await runOn(host, argv, {
      cwd: args.cwd,
      env: { ...args.env, ...database, ROUNDTRIP_RUN: context.runId },
      timeoutMs: context.timeoutMs,
      signal: blockers === undefined ? context.signal : AbortSignal.any([context.signal, blockers.signal]),
      okExitCodes,
      onLine: (_stream, line) => context.log(line),
      onSpawn: noteChildren(context),
      onMark: host === undefined ? undefined : noteRemote(context, host),
    });
  } catch (error) {
    if (blockers?.signal.aborted !== true || context.signal.aborted) throw error;
    // Its statement outlives it on the server, and would run once the lock is free.
    await endSurvivors(context);
    throw blockers.signal.reason;
  } finally {
    await blockers?.stop();
  }
}

function watchOf(context: StepContext, args: CommandArgs): Promise<BlockerWatch> {
  return watchBlockers(databaseOf(context, args.on), {
    applicationName: applicationName(context),
    patienceMs: args.lockPatienceMs,
    log: context.log,
  });
}

/** The last line of stdout as JSON where it is that, else its text. */
export function lastLine(result: RunProcessResult): Json {
  const line = result.stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Json;
  } catch {
    return line; // Not every command prints JSON: the text is evidence too.
  }
}

/** A rehearsal sees which locks the command holds on tables that customers use, and for how long. */
async function observedLocks(
  context: StepContext,
  args: CommandArgs,
): Promise<{ readonly stop: () => Promise<void>; readonly held: () => Json | undefined }> {
  let held: readonly JsonObject[] = [];
  if (!args.database || context.runKind !== 'rehearsal')
    return { stop: async () => undefined, held: () => undefined };
  const observation = await observeLocks(databaseOf(context, args.on));
  return {
    stop: async () => {
      try {
        held = (await observation.stop()).map((lock) => ({ ...lock }));
      } catch (error) {
        // A look that failed must not fail a command that did not.
        context.log(`locks were not observed to the end: ${(error as Error).message}`);
      }
    },
    held: () => (held.length === 0 ? undefined : held),
  };
}

function changesDatabase(context: StepContext, args: CommandArgs): boolean {
  return args.database && context.step.effect !== 'none';
}

async function inspectCommand(context: StepContext, args: CommandArgs): Promise<Inspection> {
  await endSurvivors(context);
  if (args.inspect === undefined) return args.idempotent ? 'not-done' : 'unknown';
  const { exitCode } = await runStepCommand(context, args, args.inspect, [0, 1, 2, 3]);
  if (exitCode === 0) return 'done';
  return exitCode === 1 ? 'not-done' : 'unknown';
}

export const commandKind = anyStepKind<CommandArgs>({
  kind: 'command',
  inspect: inspectCommand,
  async do(context, args) {
    if (changesDatabase(context, args)) await noteInvalidIndexes(context, args.on);
    const locks = await observedLocks(context, args);
    const result = await runStepCommand(context, args, args.argv).finally(locks.stop);
    writeFileSync(path.join(context.runDirectory, `${context.step.id}.stdout`), result.stdout, {
      mode: 0o600,
    });
    const { exitCode, durationMs } = result;
    return { exitCode, durationMs, stdout: lastLine(result), locks: locks.held() };
  },
  async verify(context, args) {
    if (changesDatabase(context, args)) await refuseHalfBuilt(context, args.on);
    if (args.verify === undefined) return {};
    const result = await runStepCommand(context, args, args.verify);
    return { verified: lastLine(result) };
  },
  async undo(context, args) {
    await endSurvivors(context);
    if (args.undo === undefined) return {};
    return { undone: lastLine(await runStepCommand(context, args, args.undo)) };
  },
});
