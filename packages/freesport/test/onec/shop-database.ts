import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { testCluster } from 'pg-cluster/testing';
import { connectionSettings } from '../../src/database/connection-settings.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrationFiles } from '../../src/database/migration-files.ts';

/** A database with the schema of 13.4 and nothing in its catalogue. */
export interface ShopDatabase {
  readonly connection: ClientConfig;
  /** libpq's environment, for child processes. */
  readonly environment: Readonly<Record<string, string>>;
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** Databases of one test file: migrated once, then cloned. */
export interface ShopDatabases {
  create(): Promise<ShopDatabase>;
  release(): Promise<void>;
}

export async function shopDatabases(): Promise<ShopDatabases> {
  const cluster = await testCluster();
  const template = await cluster.createDatabase({ prefix: 'onec_template' });
  const password = passwordOf(template.passwordFile);
  const config = (database: string): ClientConfig => ({
    ...connectionSettings('freesport-command'),
    host: template.host,
    port: template.port,
    user: template.user,
    password,
    database,
  });
  const client = new pg.Client(config(template.database));
  await client.connect();
  try {
    await migrate(client, migrationFiles('13.4'));
  } finally {
    await client.end();
  }
  const pools: pg.Pool[] = [];
  return {
    create: async () => {
      const { host, port, user, database, passwordFile } = await cluster.createDatabase({
        template: template.database,
        prefix: 'onec',
      });
      const pool = new pg.Pool({ ...config(database), max: 2 });
      pools.push(pool);
      return {
        connection: config(database),
        environment: {
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: user,
          PGDATABASE: database,
          PGPASSFILE: passwordFile,
          FREESPORT_RELEASE: '13.4',
        },
        query: async <R extends object>(text: string, values: readonly unknown[] = []) =>
          (await pool.query<R>(text, [...values])).rows,
      };
    },
    release: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await cluster.release();
    },
  };
}

function passwordOf(passwordFile: string): string {
  return readFileSync(passwordFile, 'utf8').trim().split(':').slice(4).join(':');
}
