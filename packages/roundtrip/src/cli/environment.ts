/// <reference types="node" preserve="true" />
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ControlStore } from '../control/control-store.ts';
import type { Operation } from '../engine/operation.ts';
import { Refused } from '../errors.ts';
import { readPasswords } from '../postgres/connection.ts';
import { createRedactor } from '../process/redact.ts';
import type { Runbook } from '../runbook/runbook.ts';
import { stepKinds } from '../steps/index.ts';
import type { StepKinds } from '../steps/step-kind.ts';

/** The world as the command line sees it; a test or the demo brings its own. */
export interface CliEnvironment {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly kinds: StepKinds;
  readonly onBoundary?: Operation['onBoundary'];
  /** How long a run waits for a control store that went away. Default a minute. */
  readonly controlPatienceMs?: number | undefined;
  /** A runbook that is already loaded, in place of `--runbook`. */
  readonly runbook?: Runbook | undefined;
}

/** Options that every verb shares. */
export interface CommonOptions {
  readonly runbook?: string | undefined;
  readonly state?: string | undefined;
  readonly controlStore?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * The real world. `signal` is aborted by the first Ctrl-C.
 *
 * @example process.exitCode = await main(['status'], processEnvironment(new AbortController().signal));
 */
export function processEnvironment(signal: AbortSignal): CliEnvironment {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    now: () => new Date(),
    signal,
    kinds: stepKinds,
  };
}

/** Imports the runbook that `--runbook` or ROUNDTRIP_RUNBOOK names, `./runbook.ts` by default. */
export async function loadRunbook(environment: CliEnvironment, options: CommonOptions): Promise<Runbook> {
  if (environment.runbook !== undefined) return environment.runbook;
  const file = path.resolve(options.runbook ?? environment.variables.ROUNDTRIP_RUNBOOK ?? 'runbook.ts');
  let module: { default?: Runbook };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: Runbook };
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw unreadable(file, (cause as Error).message, cause);
  }
  const { default: runbook } = module;
  if (runbook === undefined) throw unreadable(file, 'it has no default export');
  if (typeof runbook?.steps !== 'function' || typeof runbook.targets !== 'object')
    throw unreadable(file, 'its default export is no runbook');
  return runbook;
}

function unreadable(file: string, why: string, cause?: unknown): Refused {
  return new Refused({
    code: 'runbook-unreadable',
    seen: `${file}: ${why}`,
    expected: 'a TypeScript file whose default export is defineRunbook({ … })',
    next: 'name it with --runbook, or write one with `roundtrip init`',
    cause,
  });
}

/** Where the folder of state is, or would be (`--state`, ROUNDTRIP_STATE, or `.roundtrip` here): nothing is made. */
export function stateRoot({ variables }: CliEnvironment, { state }: CommonOptions): string {
  return state ?? variables.ROUNDTRIP_STATE ?? '.roundtrip';
}

/** What the acting verbs hand to the engine. The operator's name is who is logged in, not a claim. */
export function operationOf(
  environment: CliEnvironment,
  store: ControlStore,
  runbook: Runbook | undefined,
  hooks: Pick<Operation, 'onRecord' | 'onLog' | 'onPlan'> = {},
): Operation {
  const targets = Object.values(runbook?.targets ?? {});
  const files = [...targets.flatMap(({ database }) => database.passwordFile ?? []), ...store.passwordFiles];
  return {
    store,
    kinds: environment.kinds,
    operator: `${userInfo().username}@${hostname()}`,
    signal: environment.signal,
    now: environment.now,
    redact: createRedactor([...files.flatMap(readPasswords), ...secretsOf(environment.variables)]),
    onBoundary: environment.onBoundary,
    ...hooks,
  };
}

/** Secrets that the operator's own environment brings along: no child is given them, but a message might name them. */
function secretsOf(variables: CliEnvironment['variables']): string[] {
  return ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PGPASSWORD'].flatMap(
    (name) => variables[name] ?? [],
  );
}
