import type { Client } from '../postgres/connection.ts';
import type { Check } from './check.ts';
import { onProduction } from './on-production.ts';

interface Extension {
  readonly name: string;
  readonly installed: string;
}

/** A restore makes every extension anew: its files must be on the server, in the version that the database has. */
export const extensions: Check = {
  name: 'extensions',
  appliesTo: ['live', 'rehearsal'],
  async run(context) {
    const client = await context.session();
    const used =
      context.runKind === 'rehearsal' ? await onProduction(context, installed) : await installed(client);
    const { rows } = await client.query<{ name: string; installed: string; offered: string | null }>(
      `SELECT e.name, e.installed, a.default_version AS offered
       FROM json_to_recordset($1) AS e (name text, installed text) LEFT JOIN pg_available_extensions a ON a.name = e.name
       WHERE a.default_version IS DISTINCT FROM e.installed ORDER BY 1`,
      [JSON.stringify(used ?? [])],
    );
    return rows.map(({ name, installed, offered }) =>
      offered === null
        ? {
            code: 'extension-missing',
            severity: 'refusal',
            seen: `the database uses extension ${name} ${installed}; its files are not on the server`,
            expected: 'them: the backup cannot be restored, and neither can the way back',
            cure: `install the package that has ${name}.control`,
          }
        : {
            code: 'extension-version',
            severity: 'refusal',
            seen: `extension ${name} is ${installed} in the database; a restore makes ${offered}`,
            expected: 'one version: a restored database with another is not the one that was backed up (T3)',
            cure: `ALTER EXTENSION ${name} UPDATE, days ahead`,
          },
    );
  },
};

async function installed(client: Client): Promise<readonly Extension[]> {
  const { rows } = await client.query<Extension>(
    'SELECT extname AS name, extversion AS installed FROM pg_extension',
  );
  return rows;
}
