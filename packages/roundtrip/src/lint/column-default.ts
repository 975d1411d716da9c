import type { ColumnDef, Constraint } from '@pgsql/types';
import { strings, walk } from './relations.ts';

/** Functions of PostgreSQL that give one value within a statement: a default of them is kept once, not written into every row. */
const STABLE = new Set(
  'now transaction_timestamp statement_timestamp current_setting current_user session_user current_database lower upper coalesce to_timestamp to_date make_date make_interval jsonb_build_object jsonb_build_array json_build_object json_build_array array_length date_trunc md5 length abs round timezone'.split(
    ' ',
  ),
);

/** The constraints that stand beside a column. */
export function constraintsOf({ constraints = [] }: ColumnDef): readonly Constraint[] {
  return constraints.flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/** Whether a column has a default at all (a generated value is one). */
export function hasDefault(column: ColumnDef): boolean {
  const kinds = ['CONSTR_DEFAULT', 'CONSTR_GENERATED', 'CONSTR_IDENTITY'];
  return isSerial(column) || constraintsOf(column).some(({ contype = '' }) => kinds.includes(contype));
}

/**
 * Why adding a column writes every row anew; undefined where it does not (manual, ALTER TABLE, Notes): a default that is not
 * volatile is kept in the catalogue. A function that is not known here may be volatile, as those of users are unless declared otherwise.
 *
 * @example whyRewritten(column) // 'each row gets its own random()'
 */
export function whyRewritten(column: ColumnDef): string | undefined {
  if (isSerial(column)) return 'each row gets the next number of a sequence';
  for (const { contype, generated_kind, raw_expr } of constraintsOf(column)) {
    if (contype === 'CONSTR_IDENTITY') return 'each row gets the next number of a sequence';
    if (contype === 'CONSTR_GENERATED' && generated_kind !== 'v') return 'each row gets its computed value';
    if (contype !== 'CONSTR_DEFAULT') continue;
    const called = functionsIn(raw_expr).find((name) => !STABLE.has(name));
    if (called !== undefined) return `each row gets its own ${called}()`;
  }
  return undefined;
}

function isSerial({ typeName }: ColumnDef): boolean {
  return strings(typeName?.names).some((name) => /^(small|big)?serial[248]?$/.test(name));
}

function functionsIn(expression: unknown): readonly string[] {
  const names: string[] = [];
  walk(expression, (part) => {
    if (Array.isArray(part.funcname)) names.push(strings(part.funcname).at(-1) ?? '');
  });
  return names;
}
