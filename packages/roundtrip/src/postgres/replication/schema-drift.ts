import { type DatabaseAddress, withClient } from '../connection.ts';
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
  const now = await withClient(source, { applicationName: 'roundtrip drift' }, describeDatabase);
  return compareDescriptions(description, now).filter((line) => !OURS.test(line));
}
