import type { Check } from './check.ts';

/** Settings that were changed and wait for a restart: one in the night, by a crash or by hand, would bring them into force. */
export const pendingRestart: Check = {
  name: 'settings',
  appliesTo: ['live', 'rehearsal'],
  async run({ session }) {
    const client = await session();
    // What stands on the server's command line wins after a restart too, whatever the file says.
    const { rows } = await client.query<{ name: string; setting: string }>(
      "SELECT name, setting FROM pg_settings WHERE pending_restart AND source <> 'command line' ORDER BY name",
    );
    if (rows.length === 0) return [];
    const names = rows.map(({ name, setting }) => `${name} (now ${setting})`).join(', ');
    return [
      {
        code: 'restart-pending',
        severity: 'warning',
        seen: `changed and not in force until the server is restarted: ${names}`,
        expected: 'a server that would come up as it runs now',
        cure: 'restart it days ahead, or set it back to what it is now: ALTER SYSTEM SET …; SELECT pg_reload_conf()',
      },
    ];
  },
};
