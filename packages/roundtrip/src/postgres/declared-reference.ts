import { Refused } from '../errors.ts';
import type { Client } from './connection.ts';
import type { ForeignKey } from './foreign-keys.ts';
import { formatTableName, splitName } from './table-name.ts';

/**
 * What a delete reaches and no constraint says: an application's own code cascades, or follows a column that has no
 * foreign key.
 */
export type AlsoReached =
  /** "order_items.product_id = products.id", names quoted as in SQL: followed as a foreign key without ON DELETE is. */
  | string
  /** A counting query where no equality of columns says it, such as a generic relation: one row, one number. */
  | { readonly table: string; readonly count: string };

const EQUALITY = /^((?:"(?:[^"]|"")*"|[^"=])+)=((?:"(?:[^"]|"")*"|[^"=])+)$/;

/**
 * A declared reference as a foreign key that the walk of a blast radius follows, with both columns looked up: a name
 * that is not there would count nothing, and nothing looks safe.
 *
 * @throws Refused `reference-invalid` when it cannot be read, or a table or column is not there.
 * @example (await declaredReference(client, 'order_items.product_id = products.id')).target // 'public.products'
 */
export async function declaredReference(client: Client, text: string): Promise<ForeignKey> {
  const [, left, right] = EQUALITY.exec(text) ?? [];
  if (left === undefined || right === undefined) throw invalid(text, 'no equality of two columns');
  const from = columnOf(text, left);
  const to = columnOf(text, right);
  for (const { schema, name, column } of [from, to]) {
    const { rows } = await client.query(
      `SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')`,
      [schema, name, column],
    );
    if (rows.length === 0) throw invalid(text, `no column ${column} of a table ${schema}.${name}`);
  }
  return {
    name: `declared: ${text.trim()}`,
    table: formatTableName(from),
    columns: [from.column],
    target: formatTableName(to),
    targetColumns: [to.column],
    validated: true,
    // Nothing in the database would do anything about these rows: the application does, or nobody.
    onDelete: 'a',
  };
}

function columnOf(
  text: string,
  side: string,
): { readonly schema: string; readonly name: string; readonly column: string } {
  const parts = splitName(side.trim());
  const column = parts?.at(-1);
  const name = parts?.at(-2);
  if (parts === undefined || column === undefined || name === undefined || parts.length > 3)
    throw invalid(text, `${side.trim()} is no column`);
  return { schema: parts.length === 3 ? (parts[0] ?? '') : 'public', name, column };
}

function invalid(text: string, seen: string): Refused {
  return new Refused({
    code: 'reference-invalid',
    seen: `the declared reference ${JSON.stringify(text)}: ${seen}`,
    expected: 'table.column = table.column, both there, quoted as in SQL where a name has capitals or dots',
    next: 'write it as order_items.product_id = products.id',
  });
}
