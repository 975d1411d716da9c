import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { shopServer } from '../../src/api/server.ts';
import { Database, type DatabaseOptions } from '../../src/database/database.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { loadRelease } from '../../src/releases/load-release.ts';

/** A server over the database that the environment names, without a port. */
export interface TestServer {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly maintenanceFlag: string;
  close(): Promise<void>;
}

export async function testServer(
  version: ReleaseVersion,
  options: DatabaseOptions = {},
): Promise<TestServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'freesport-test-'));
  const maintenanceFlag = path.join(folder, 'maintenance');
  const database = new Database('freesport-api', options);
  const { app } = await shopServer({
    release: await loadRelease(version),
    database,
    secret: 'a secret of the tests, at least thirty-two characters',
    logger: pino({ level: 'silent' }),
    maintenanceFlag,
  });
  await app.ready();
  return {
    app,
    database,
    maintenanceFlag,
    close: async () => {
      await app.close();
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The cookies of a response as a request sends them back. */
export function cookiesOf(response: {
  readonly cookies: readonly { name: string; value: string }[];
}): Record<string, string> {
  return Object.fromEntries(response.cookies.map((cookie) => [cookie.name, cookie.value]));
}
