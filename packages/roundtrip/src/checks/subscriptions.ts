import type { Check, Finding } from './check.ts';

/**
 * Streams of other systems into the database. A copy has them disabled, and the original goes on receiving under whatever
 * name it has by then: after an exchange of names what arrives goes past the database that serves, and during maintenance
 * it is a write that nobody sees coming. Only disabled ones stand still on both sides.
 */
export const subscriptions: Check = {
  name: 'subscriptions',
  appliesTo: ['live'],
  async run({ session }) {
    const client = await session();
    const { rows } = await client.query<{ name: string; enabled: boolean }>(
      `SELECT subname AS name, subenabled AS enabled FROM pg_subscription
       WHERE subname NOT LIKE 'roundtrip\\_%' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`,
    );
    return rows.map(({ name, enabled }): Finding => {
      const alter = `ALTER SUBSCRIPTION ${client.escapeIdentifier(name)}`;
      const after = `${alter} ENABLE in the database that serves, after the run and again after a rollback`;
      return enabled
        ? {
            code: 'subscription-of-others',
            severity: 'refusal',
            seen: `subscription ${name} is enabled: another system writes into this database`,
            expected:
              'none that is enabled: it stays with the old database when names are exchanged, and what it receives with it',
            cure: `${alter} DISABLE (its slot keeps what is sent meanwhile); then ${after}`,
          }
        : {
            code: 'subscription-of-others',
            severity: 'warning',
            seen: `subscription ${name} is disabled`,
            expected: 'no stream of another system into the database',
            cure: after,
          };
    });
  },
};
