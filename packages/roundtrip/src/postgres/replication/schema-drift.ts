import { type Client, type DatabaseAddress, withClient } from '../connection.ts';
import { compareDescriptions, type DatabaseDescription, describeDatabase } from '../describe.ts';

/** Our own publication, schema and slot objects: they come and go with streams. */
const OURS = /\broundtrip[._]|\bschema roundtrip\b/;

/**
 * What was changed in the schema of a database since it was described: DDL is not replicated, so that a copy made
 * since then lacks it. Empty when nothing was.
 *
 * @example await schemaDrift(source, readManifest(directory).description) // ['additional: column public.orders.x …']
 */
export async function schemaDrift(
  source: DatabaseAddress,
  description: DatabaseDescription,
): Promise<readonly string[]> {
  return withClient(source, { applicationName: 'roundtrip drift' }, (client) => driftOn(client, description));
}

/** The same on a session that is there: behind a fence no other can be opened. */
export async function driftOn(client: Client, description: DatabaseDescription): Promise<readonly string[]> {
  const now = await describeDatabase(client);
  return compareDescriptions(description, now).filter((line) => !OURS.test(line));
}
