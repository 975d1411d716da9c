import path from 'node:path';
import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type DatabaseAddress, withClient } from '../postgres/connection.ts';
import { readManifest } from '../postgres/manifest.ts';
import {
  abandonCopy,
  beginCopy,
  type CopyBegun,
  type CopySite,
  replicationPreflight,
  streamHealth,
  streamNames,
} from '../postgres/replication/index.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { dropRehearsedArchive } from './rehearsed-archive.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';
import { adminAddress, applicationName, copyDatabaseName, databaseOf } from './target-databases.ts';

export interface CopyBesideArgs extends JsonObject {
  /** The tables that stream into the copy: the protected ones and what customers write besides. */
  readonly tables: readonly string[];
  readonly jobs: number;
}

/**
 * Makes a verified copy of the database that goes on serving, and keeps these tables of it in step. Steps with
 * `on: 'copy'` then work on it, until `switchOver` lets it serve. DDL on the database that serves is refused meanwhile.
 * Its undo removes the copy and everything it needed.
 *
 * @example steps: () => [copyBeside({ tables: ['users', 'orders'] }), migrate({ argv, on: 'copy' }), switchOver()]
 */
export function copyBeside(
  options: StepCommon & { readonly tables: readonly string[]; readonly jobs?: number | undefined },
): StepSpec {
  return stepSpec({
    kind: 'copy-beside',
    defaultId: 'copy-beside',
    defaultTitle: 'Copy the database beside the one that serves',
    effect: 'reversible',
    common: options,
    args: { tables: options.tables, jobs: options.jobs ?? 2 },
  });
}

/** A slot waits for every transaction that is open in the cluster; longer ones are named by preflight. */
const SLOT_TIMEOUT_MS = 120_000;

/** Where the copy is made, by the names of this run. */
export function copySite(context: StepContext): CopySite {
  return {
    source: context.plan.target.database,
    admin: adminAddress(context.plan.target),
    copyDatabase: copyDatabaseName(context),
  };
}

/** The folder of the verified dump that the copy was restored from. */
export function copyDirectory(runDirectory: string): string {
  return path.join(runDirectory, 'copy');
}

/** What `do` left: the stream into the copy and the databases by OID. */
export function copyBegun(context: StepContext): CopyBegun | undefined {
  const { begun } = context.evidenceOfKind('copy-beside');
  return begun as unknown as CopyBegun | undefined;
}

/** Address of the copy, under the name that it has until the switch. */
function copyAddress(context: StepContext): DatabaseAddress {
  return databaseOf(context, 'copy');
}

function streamName(context: StepContext): string {
  return `roundtrip_copy_${context.runId.slice(-4)}`;
}

export const copyBesideKind = anyStepKind<CopyBesideArgs>({
  kind: 'copy-beside',
  async check(context, args) {
    // A rehearsal's staging is made anew by its first step: what is there now, if anything, says nothing.
    if (context.runKind === 'rehearsal') return [];
    const session = { applicationName: 'roundtrip check' };
    return withClient(context.plan.target.database, session, (client) =>
      replicationPreflight({ publisher: client, subscriber: client, tables: args.tables }),
    );
  },
  async inspect(context) {
    // What is there of a copy is scratch until the switch, and is made anew.
    await endSurvivors(context);
    return 'not-done';
  },
  async do(context, args) {
    const { timeoutMs, signal } = context;
    const begun = await beginCopy({
      ...copySite(context),
      tables: args.tables,
      protectedTables: context.plan.protectedTables,
      name: streamName(context),
      directory: copyDirectory(context.runDirectory),
      jobs: args.jobs,
      refuseDdlUntil: `the switch of run ${context.runId}`,
      slotTimeoutMs: Math.min(timeoutMs, SLOT_TIMEOUT_MS),
      timeoutMs,
      signal,
      onLine: (_stream, line) => context.log(line),
      onSpawn: noteChildren(context),
    });
    const { files } = readManifest(copyDirectory(context.runDirectory));
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const { trust } = begun;
    return JSON.parse(
      JSON.stringify({ begun, copyDatabase: copyDatabaseName(context), trust, bytes }),
    ) as JsonObject;
  },
  async verify(context) {
    const begun = copyBegun(context);
    const session = { applicationName: applicationName(context) };
    if (begun === undefined) throw notInStep(['no stream was noted']);
    const { verdict, reasons } = await withClient(context.plan.target.database, session, (publisher) =>
      withClient(copyAddress(context), session, (subscriber) =>
        streamHealth({ publisher, subscriber }, begun.stream),
      ),
    );
    if (verdict !== 'open') throw notInStep(reasons);
    return { inStep: true };
  },
  async undo(context) {
    await endSurvivors(context);
    const name = streamName(context);
    await abandonCopy(
      copySite(context),
      { name, ...streamNames(name) },
      { timeoutMs: Math.min(context.timeoutMs, SLOT_TIMEOUT_MS), begun: copyBegun(context) },
    );
    const dumpKept = dropRehearsedArchive(context, copyDirectory(context.runDirectory));
    return { removed: copyDatabaseName(context), dumpKept };
  },
});

function notInStep(reasons: readonly string[]): Failed {
  return new Failed({
    code: 'copy-not-in-step',
    seen: `the stream into the copy: ${reasons.join('; ')}`,
    expected: 'a stream that runs',
    next: 'production was not changed; the copy is removed, then run again',
  });
}
