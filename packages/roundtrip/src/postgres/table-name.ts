import { Refused } from '../errors.ts';

/** The two parts of a table's (or sequence's) name, as the catalogue spells them. */
export interface TableNameParts {
  readonly schema: string;
  readonly name: string;
}

const IDENTIFIER = /"((?:[^"]|"")+)"|([^".\s]+)/y;
const PLAIN = /^[a-z_][a-z0-9_$]*$/;

/**
 * Takes a name apart by the rules of SQL: unquoted parts fold to lower case, quoted ones are taken as they are, a
 * name without a schema is in `public` (PostgreSQL manual, "Identifiers and Key Words").
 *
 * @throws Refused `table-name-invalid`.
 * @example parseTableName('shop."Order.Lines"') // { schema: 'shop', name: 'Order.Lines' }
 */
export function parseTableName(text: string): TableNameParts {
  const parts = splitName(text) ?? [];
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) {
    throw new Refused({
      code: 'table-name-invalid',
      seen: `the table name ${JSON.stringify(text)}`,
      expected: 'name or schema.name, quoted as in SQL where it has capitals, dots or blanks',
      next: 'write it as psql prints it: public."Orders"',
    });
  }
  return second === undefined ? { schema: 'public', name: first } : { schema: first, name: second };
}

/**
 * The parts of a dotted name by the rules of SQL; undefined when the text is none.
 *
 * @example splitName('shop."Order.Lines".Id') // ['shop', 'Order.Lines', 'id']
 */
export function splitName(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  for (let at = 0; ; at += 1) {
    IDENTIFIER.lastIndex = at;
    const match = IDENTIFIER.exec(text);
    if (match === null) return undefined;
    parts.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').toLowerCase());
    at = IDENTIFIER.lastIndex;
    if (at === text.length) return parts;
    if (text[at] !== '.') return undefined;
  }
}

/**
 * The one spelling of a name that Roundtrip uses as a key and shows: schema and name, each quoted only where its
 * characters need it. Words that SQL reserves stay bare (`public.user`), unlike `quote_ident`: nothing parses them.
 *
 * @example formatTableName({ schema: 'public', name: 'Orders' }) // 'public."Orders"'
 */
export function formatTableName({ schema, name }: TableNameParts): string {
  const part = (text: string): string => (PLAIN.test(text) ? text : quoted(text));
  return `${part(schema)}.${part(name)}`;
}

/** A name as written by a person, in the one spelling: `orders` → `public.orders`. */
export function canonicalTableName(text: string): string {
  return formatTableName(parseTableName(text));
}

/** A name for SQL text: every part quoted, so that no keyword and no search_path can turn it into another table. */
export function sqlTableName(text: string): string {
  const { schema, name } = parseTableName(text);
  return `${quoted(schema)}.${quoted(name)}`;
}

/** An identifier for SQL text. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
