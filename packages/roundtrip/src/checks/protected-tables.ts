import { sqlTableName } from '../postgres/table-name.ts';
import type { Check, Finding } from './check.ts';

/** Every protected table exists and has a primary key, by which single rows can be named. */
export const protectedTables: Check = {
  name: 'protected tables',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, runKind, session }) {
    // A rehearsal's database does not exist yet: its copy of production is made by the first step.
    if (runKind === 'rehearsal') return [];
    const client = await session();
    const found: Finding[] = [];
    for (const table of plan.protectedTables) {
      const { rows } = await client.query<{ oid: string | null; key: boolean }>(
        `SELECT to_regclass($1)::oid::text AS oid,
                  EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p') AS key`,
        [sqlTableName(table)],
      );
      if (rows[0]?.oid == null) {
        found.push({
          code: 'protected-table-missing',
          severity: 'refusal',
          seen: `no table ${table}`,
          expected: 'every protected table of the runbook',
          cure: 'correct `protectedTables`',
        });
      } else if (!rows[0].key) {
        found.push({
          code: 'no-primary-key',
          severity: 'refusal',
          seen: `${table} has no primary key`,
          expected: 'one, so that rows can be named and replicated',
          cure: `ALTER TABLE ${table} ADD PRIMARY KEY …`,
        });
      }
    }
    return found;
  },
};
