import { Failed } from '../errors.ts';
import { type Json, type JsonObject, valueAt } from '../json.ts';
import { connect } from '../postgres/connection.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { applicationName, databaseOf, type WorksOn } from './target-databases.ts';

/** A number: given, taken from an earlier step's evidence, or a sum of such. */
export type Quantity =
  | number
  | { readonly evidence: string; readonly path: string }
  | { readonly plus: readonly Quantity[]; readonly minus?: readonly Quantity[] | undefined };

/** One expectation: the first column of the first row of `sql`, or the number of rows for `empty`. */
export interface SqlExpectation {
  readonly name: string;
  readonly sql: string;
  readonly is: '=' | '>=' | '<=' | 'empty';
  readonly value?: Quantity | undefined;
}

export interface ValidateArgs extends JsonObject {
  readonly expectations: readonly JsonObject[];
  readonly on?: WorksOn | undefined;
}

/**
 * Validation queries with what they must give. All are run, in one read-only snapshot, and all that fail are named.
 *
 * @example
 * validate({ expectations: [
 *   { name: 'products', sql: 'SELECT count(*) FROM products', is: '=', value: { evidence: 'exchange', path: 'stdout.goods' } },
 *   { name: 'no prices on products', sql: "SELECT column_name FROM …", is: 'empty' },
 * ] })
 */
export function validate(
  options: StepCommon & {
    readonly expectations: readonly SqlExpectation[];
    readonly on?: WorksOn | undefined;
  },
): StepSpec {
  return stepSpec({
    kind: 'validate',
    defaultId: 'validate',
    defaultTitle: 'Validate the migrated database',
    effect: 'none',
    common: options,
    args: {
      expectations: JSON.parse(JSON.stringify(options.expectations)) as JsonObject[],
      on: options.on,
    },
  });
}

/**
 * The number a quantity stands for.
 *
 * @throws Failed `evidence-missing` when the evidence is not there or not a number: never taken for zero.
 */
export function resolveQuantity(quantity: Quantity, evidenceOf: (step: string) => JsonObject): number {
  if (typeof quantity === 'number') return quantity;
  if ('plus' in quantity) {
    const sum = (parts: readonly Quantity[] = []) =>
      parts.reduce<number>((total, part) => total + resolveQuantity(part, evidenceOf), 0);
    return sum(quantity.plus) - sum(quantity.minus);
  }
  const value: Json | undefined = valueAt(evidenceOf(quantity.evidence), quantity.path);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Failed({
    code: 'evidence-missing',
    seen: `"${quantity.path}" of step "${quantity.evidence}" is ${JSON.stringify(value)}`,
    expected: 'a number to compare with',
    next: 'correct the expectation in the runbook, or the step that should report it',
  });
}

interface Checked {
  readonly name: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly expected: string;
}

function judge(expectation: SqlExpectation, rows: readonly unknown[][], expected: number): Checked {
  const { name, is } = expectation;
  if (is === 'empty')
    return { name, ok: rows.length === 0, seen: `${rows.length} rows`, expected: 'no rows' };
  const raw = rows[0]?.[0];
  const value = raw === null || raw === undefined || raw === '' ? Number.NaN : Number(raw);
  const ok = is === '=' ? value === expected : is === '>=' ? value >= expected : value <= expected;
  return { name, ok, seen: String(raw ?? 'no value'), expected: `${is} ${expected}` };
}

async function runExpectations(context: StepContext, args: ValidateArgs): Promise<Checked[]> {
  const client = await connect(databaseOf(context, args.on), {
    applicationName: applicationName(context),
    statementTimeoutMs: Math.min(context.timeoutMs, 600_000),
  });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const checked: Checked[] = [];
    for (const expectation of args.expectations as unknown as readonly SqlExpectation[]) {
      const expected =
        expectation.is === 'empty' ? 0 : resolveQuantity(expectation.value ?? 0, context.evidenceOf);
      const { rows } = await client.query<unknown[]>({ text: expectation.sql, rowMode: 'array' });
      const result = judge(expectation, rows, expected);
      context.log(
        `${result.ok ? 'ok  ' : 'FAIL'} ${result.name}: ${result.seen} (expected ${result.expected})`,
      );
      checked.push(result);
    }
    return checked;
  } finally {
    await client.end();
  }
}

export const validateKind = anyStepKind<ValidateArgs>({
  kind: 'validate',
  inspect: async () => 'not-done',
  async do(context, args) {
    const checked = await runExpectations(context, args);
    const failed = checked.filter((check) => !check.ok);
    if (failed.length === 0) return { checks: checked as unknown as Json };
    throw new Failed({
      code: 'validation-failed',
      seen: failed.map((check) => `${check.name}: ${check.seen}`).join('; '),
      expected: failed.map((check) => `${check.name} ${check.expected}`).join('; '),
      next: 'the run rolls back; compare the import session with the exchange',
      fields: { failed },
    });
  },
  verify: async () => ({}),
});
