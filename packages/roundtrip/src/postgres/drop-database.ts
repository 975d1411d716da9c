import { Refused } from '../errors.ts';
import { type Client, connectBeside, endSession } from './connection.ts';
import { isCutByServer } from './database-name.ts';
import { openDatabase } from './fence.ts';
import { quoted } from './table-name.ts';

/**
 * Whether a DROP DATABASE of this name was cut off half-way: nobody can connect to what is left of it, and all that can be
 * done is to drop it again (PostgreSQL marks it by `datconnlimit` -2 since 15.4).
 *
 * @example await isHalfDropped(client, 'shop_copy')
 */
export async function isHalfDropped(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ half: boolean }>(
    'SELECT datconnlimit = -2 AS half FROM pg_database WHERE datname = $1',
    [name],
  );
  return rows[0]?.half === true;
}

/**
 * Drops a database if it exists, its sessions with it, and subscriptions that a restore brought along: the server drops no
 * database that has one.
 *
 * @throws Refused `drop-forbidden` for a name in `mustNotBe`, and for one that the server would cut down to another: a guard
 * against a mixed-up argument.
 * @example await dropDatabase(client, 'shop_scratch', { mustNotBe: ['shop'] })
 */
export async function dropDatabase(
  client: Client,
  name: string,
  options: { readonly mustNotBe: readonly string[] },
): Promise<void> {
  if (options.mustNotBe.includes(name) || isCutByServer(name)) {
    throw new Refused({
      code: 'drop-forbidden',
      seen: `a request to drop ${name}`,
      expected: 'a scratch database, by a name that the server does not cut to that of another (63 bytes)',
      next: 'nothing was dropped; shorten the name where you gave it, otherwise report this',
    });
  }
  await forgetSubscriptions(client, name);
  await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
}

/**
 * Where production subscribes to another system, a restored copy does too: disabled, and with the name of the very slot
 * that production reads. That one must outlive the copy, so that the subscription forgets it before it is dropped.
 */
async function forgetSubscriptions(client: Client, database: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    // Our own streams are ended by whoever made them, with their slots.
    `SELECT subname AS name FROM pg_subscription
     WHERE subname NOT LIKE 'roundtrip\\_%' AND subdbid = (SELECT oid FROM pg_database WHERE datname = $1 AND datconnlimit <> -2)`,
    [database],
  );
  if (rows.length === 0) return;
  await openDatabase(client, database);
  const session = await connectBeside(client, database, { applicationName: 'roundtrip drop' });
  try {
    for (const { name } of rows) {
      await session.query(`ALTER SUBSCRIPTION ${quoted(name)} DISABLE`);
      await session.query(`ALTER SUBSCRIPTION ${quoted(name)} SET (slot_name = NONE)`);
      await session.query(`DROP SUBSCRIPTION ${quoted(name)}`);
    }
  } finally {
    await endSession(session);
  }
}
