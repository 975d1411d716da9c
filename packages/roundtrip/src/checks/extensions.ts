import type { Check } from './check.ts';

/** A restore makes every extension anew: its files must be on the server, in the version that the database has. */
export const extensions: Check = {
  name: 'extensions',
  appliesTo: ['live'],
  async run({ session }) {
    const client = await session();
    const { rows } = await client.query<{ name: string; installed: string; offered: string | null }>(
      `SELECT e.extname AS name, e.extversion AS installed, a.default_version AS offered
       FROM pg_extension e LEFT JOIN pg_available_extensions a ON a.name = e.extname
       WHERE a.default_version IS DISTINCT FROM e.extversion ORDER BY 1`,
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
