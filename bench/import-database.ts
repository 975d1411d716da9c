import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { reserveHugePages } from './huge-pages.ts';

/** A database with the schema of 13.4. */
export interface ImportTarget {
  readonly connection: pg.ClientConfig;
  /** libpq's environment. */
  readonly environment: Readonly<Record<string, string>>;
  query<R extends object>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

const MIGRATIONS = path.join(import.meta.dirname, '..', 'packages', 'freesport', 'migrations');

/** Memory of a small server; fsync is off as in all measurements of this folder, because the disk is shared. */
const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  // As on a server that has run for a while, files of the log are used again and not made while something is measured.
  min_wal_size: '8GB',
  checkpoint_timeout: '30min',
  autovacuum: 'off',
};

/** Shared buffers and what PostgreSQL adds to them. */
const SHARED_BYTES = 1.2e9;

/** A private cluster with a template of the schema, and clones of it. */
export class ImportDatabases {
  readonly #cluster: PrivateCluster;
  #count = 0;

  private constructor(cluster: PrivateCluster) {
    this.#cluster = cluster;
  }

  static async start(): Promise<ImportDatabases> {
    const huge = reserveHugePages(SHARED_BYTES);
    process.stderr.write(`PostgreSQL's shared memory in huge pages: ${huge ? 'yes' : 'no'}\n`);
    const cluster = await createCluster({ name: 'bench-import', settings: SETTINGS });
    await cluster.query('CREATE DATABASE template_shop');
    for (const folder of ['legacy', 'variants']) {
      const { readdirSync } = await import('node:fs');
      const files = readdirSync(path.join(MIGRATIONS, folder))
        .filter((file) => file.endsWith('.sql'))
        .sort();
      for (const file of files) {
        await cluster.query(readFileSync(path.join(MIGRATIONS, folder, file), 'utf8'), [], 'template_shop');
      }
    }
    return new ImportDatabases(cluster);
  }

  async create(): Promise<ImportTarget> {
    this.#count += 1;
    const name = `shop_${this.#count}`;
    await this.#cluster.query(`CREATE DATABASE ${name} TEMPLATE template_shop`);
    await this.#cluster.query('CHECKPOINT');
    const { host, port, user, database, passwordFile } = this.#cluster.address(name);
    return {
      connection: { host, port, user, database, password: this.#cluster.password },
      environment: {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGPASSFILE: passwordFile,
      },
      query: async <R extends object>(text: string, values: readonly unknown[] = []) =>
        (await this.#cluster.query(text, values, name)).rows as R[],
    };
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }
}
