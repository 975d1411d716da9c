import { readFileSync } from 'node:fs';
import { Refused } from '../../errors.ts';
import {
  compareFingerprints,
  fingerprintTables,
  type TableFingerprint,
  type TableFingerprints,
} from '../../postgres/fingerprint.ts';
import { parseShare, sampleInWords } from '../../postgres/sample.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import { conclude, type DatabaseFlags, withDatabase, withDatabaseFlags } from './backup-options.ts';

interface FingerprintFlags extends CommonOptions, DatabaseFlags {
  readonly table?: readonly string[] | undefined;
  readonly sample?: readonly string[] | undefined;
  readonly expect?: string | undefined;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `roundtrip fingerprint`: what a table's rows are, in 32 digits, and whether they still are what they were. */
export const registerFingerprint: RegisterVerb = (program, run) => {
  const command = program
    .command('fingerprint')
    .description(
      "count and digest tables' rows; with --expect, say whether they are those of an earlier output",
    )
    .option('--table <table>', 'default every table; may be repeated', several)
    .option(
      '--sample <table=share>',
      'order_items=1%: hash only rows chosen by a hash of their key, for a table that is too large; may be repeated',
      several,
    )
    .option(
      '--expect <file>',
      'the --json output of an earlier one: the same tables and samples, exit 3 when any differs',
    );
  withDatabaseFlags(command).action(run<FingerprintFlags>(fingerprint));
};

async function fingerprint(environment: CliEnvironment, options: FingerprintFlags): Promise<number> {
  const expected = options.expect === undefined ? undefined : readExpected(options, options.expect);
  const prints = await withDatabase(environment, options, (address, { jobs }) =>
    fingerprintTables(address, {
      tables: expected === undefined ? options.table : Object.keys(expected),
      samples: expected === undefined ? samplesOf(options.sample) : samplesAsked(expected),
      workers: jobs,
      signal: environment.signal,
    }),
  );
  const differing = expected === undefined ? undefined : compareFingerprints(expected, prints);
  const lines = Object.entries(prints).flatMap(([table, print]) => [
    `${print.digest} ${print.rows.padStart(12)} ${table}${differing?.includes(table) === true ? ' DIFFERS' : ''}`,
    ...proofOf(print).map((line) => `  ${line}`),
  ]);
  return conclude(environment, options, {
    exitCode: differing === undefined || differing.length === 0 ? EXIT.success : EXIT.refused,
    data: { tables: withProofs(prints), differing },
    lines: [...lines, ...verdictOn(prints, differing)],
  });
}

function verdictOn(prints: TableFingerprints, differing: readonly string[] | undefined): readonly string[] {
  if (differing === undefined) return [];
  if (differing.length > 0) return [`differ: ${differing.join(', ')}`];
  const sampled = Object.entries(prints).flatMap(([table, { sample }]) => (sample ? [table] : []));
  return sampled.length === 0
    ? ['every row is as it was']
    : [`no difference seen; of ${sampled.join(', ')} only a sample was looked at`];
}

/** Nothing for a table that went in whole: its digest says all there is. */
function proofOf({ sample, rows }: TableFingerprint): readonly string[] {
  return sample === undefined ? [] : sampleInWords(sample, rows);
}

function withProofs(prints: TableFingerprints): object {
  return Object.fromEntries(
    Object.entries(prints).map(([table, print]) => [
      table,
      print.sample === undefined ? print : { ...print, sample: { ...print.sample, inWords: proofOf(print) } },
    ]),
  );
}

function samplesOf(flags: readonly string[] | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(
    (flags ?? []).map((flag) => {
      const at = flag.lastIndexOf('=');
      if (at <= 0) throw usage(`--sample ${flag}`, 'table=share, such as order_items=1%');
      return [flag.slice(0, at), parseShare(flag.slice(at + 1))];
    }),
  );
}

function samplesAsked(prints: TableFingerprints): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(prints).flatMap(([table, { sample }]) => (sample ? [[table, sample.share]] : [])),
  );
}

/** What is compared is what was fingerprinted then: other tables or samples would have nothing to be compared with. */
function readExpected(options: FingerprintFlags, file: string): TableFingerprints {
  if (options.table !== undefined || options.sample !== undefined)
    throw usage('--expect beside --table or --sample', 'one of them: the file names tables and samples');
  try {
    const { tables } = JSON.parse(readFileSync(file, 'utf8')) as { tables?: TableFingerprints };
    if (tables !== null && typeof tables === 'object') return tables;
  } catch (cause) {
    throw usage(
      `--expect ${file}: ${(cause as Error).message}`,
      'the --json output of `roundtrip fingerprint`',
      cause,
    );
  }
  throw usage(`--expect ${file} has no tables`, 'the --json output of `roundtrip fingerprint`');
}

function usage(seen: string, expected: string, cause?: unknown): Refused {
  return new Refused({ code: 'usage', seen, expected, next: 'correct the flag', cause });
}
