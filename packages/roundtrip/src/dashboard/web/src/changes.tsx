import type { DashboardView } from '../../view/dashboard-view.ts';
import type { Words } from './words.ts';

type Tables = DashboardView['tables'];
type InAll = DashboardView['changes'];
type Counted = Tables[number]['sinceLetIn'];

/** Who changed how many rows of each protected table, and of all: measured, or why not. */
export function Changes(props: { readonly t: Words; readonly tables: Tables; readonly all: InAll }) {
  const { t, tables, all } = props;
  if (tables.length === 0) return null;
  return (
    <dl class="changes">
      <div>
        <dt>{t.allTables}</dt>
        <dd>
          <strong>{sentence(t, all)}</strong>
          {all.unmeasured.length === 0 ? '' : ` (${t.notAllMeasured} ${all.unmeasured.join(', ')})`}
        </dd>
      </div>
      {tables.map((table) => (
        <div key={table.table}>
          <dt>
            <code>{table.table}</code>
          </dt>
          <dd>{sentence(t, table)}</dd>
        </div>
      ))}
    </dl>
  );
}

function sentence(t: Words, { migration, untilSwitch, sinceLetIn }: Tables[number] | InAll): string {
  const beside = untilSwitch !== null;
  const parts: string[] = [];
  if (beside)
    parts.push(
      untilSwitch === 'pending' ? t.countedAtSwitch : fill(t.untilSwitch, countedText(t, untilSwitch)),
    );
  if (sinceLetIn === 'pending') parts.push(beside ? t.countedAfterSwitch : t.countedLater);
  else if (sinceLetIn !== null) parts.push(fill(beside ? t.afterSwitch : '#', countedText(t, sinceLetIn)));
  const customers = parts.length === 0 ? t.notMeasured : parts.join(', ');
  return `${migrationText(t, migration)}; ${fill(t.customersChanged, customers)}`;
}

function migrationText(t: Words, migration: Tables[number]['migration']): string {
  if (migration === null) return fill(t.migrationChanged, t.notMeasured);
  if ('unknown' in migration) return fill(t.migrationChanged, `${t.notMeasured} (${migration.unknown})`);
  return migration.rows === '1' ? t.migrationChangedOne : fill(t.migrationChangedRows, migration.rows);
}

function countedText(t: Words, count: Exclude<Counted, 'pending' | null>): string {
  if ('unknown' in count) return `${t.notMeasured} (${count.unknown})`;
  const rows = String(count.inserted + count.updated + count.deleted);
  const known = count.emptied === 0 ? rows : `${rows} + TRUNCATE × ${count.emptied}`;
  return count.soFar === true ? fill(t.soFar, known) : known;
}

/** Puts a value where the words of the language have it. */
function fill(words: string, value: string): string {
  return words.replace('#', () => value);
}
