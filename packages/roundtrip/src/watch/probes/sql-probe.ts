import type { SourceReader } from '../source-reader.ts';
import type { SqlSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';

/** Runs a query on the target's database; the caller gives it its connection and its statement timeout. */
export type Query = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

const LISTED_MAX = 20;

/**
 * A metric from a query: the number of its rows, whose first columns are listed, or the one value it returns.
 *
 * @example sqlProbe({ kind: 'sql', name: 'colours', metric: 'missingColours', reads: 'rows', text: 'SELECT …' }, { query })
 */
export function sqlProbe(source: SqlSource, options: { readonly query: Query }): SourceReader {
  return {
    name: source.name,
    async read(): Promise<SourceReading> {
      const rows = await options.query(source.text);
      const { name, metric } = source;
      if (source.reads === 'rows') {
        const listed = rows.slice(0, LISTED_MAX).map((row) => String(Object.values(row)[0]));
        const more = rows.length > LISTED_MAX ? [`and ${rows.length - LISTED_MAX} more`] : [];
        return {
          source: name,
          values: { [metric]: rows.length },
          lists: { [metric]: [...listed, ...more] },
        };
      }
      const columns = rows.length === 1 ? Object.values(rows[0] ?? {}) : [];
      if (columns.length !== 1) {
        return { source: name, missing: `${rows.length} rows instead of one row with one column` };
      }
      // A bigint or numeric comes as text; NULL is not zero.
      const [column] = columns;
      const value = column === null || column === '' ? Number.NaN : Number(column);
      return { source: name, values: { [metric]: value } };
    },
  };
}
