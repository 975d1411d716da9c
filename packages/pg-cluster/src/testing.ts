import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { type ClusterAddress, createCluster, type PrivateCluster } from './cluster.ts';

/** A cluster for tests: only what a test file may rely on when the cluster is shared with other files. */
export interface TestCluster {
  address(database?: string): ClusterAddress;
  query(text: string, values?: readonly unknown[], database?: string): Promise<pg.QueryResult>;
  /** An empty database with a unique name, or a copy of `template`. Dropped by `release`. */
  createDatabase(options?: { readonly template?: string; readonly prefix?: string }): Promise<ClusterAddress>;
  /** Drops what this handle created; stops the cluster when it was this file's own. Fails on a leaked session. */
  release(): Promise<void>;
}

/** Name of the variable by which `with-cluster` hands its cluster to the test files: a file with the address. */
export const SHARED_CLUSTER_VARIABLE = 'PG_CLUSTER_SHARED';

interface SharedCluster {
  readonly address: ClusterAddress;
  readonly password: string;
}

/**
 * The cluster of a test run: the shared one when the run started one, else one of this file's own. Use it for tests
 * that stay inside their own databases; tests of slots, crashes or settings make their own with `createCluster`.
 *
 * @example
 * const cluster = await testCluster();
 * after(() => cluster.release());
 * const address = await cluster.createDatabase();
 */
export async function testCluster(): Promise<TestCluster> {
  const file = process.env[SHARED_CLUSTER_VARIABLE];
  if (file !== undefined && file !== '') {
    return new Handle(JSON.parse(readFileSync(file, 'utf8')) as SharedCluster, undefined);
  }
  const own = await createCluster({ name: 'test' });
  return new Handle({ address: own.address(), password: own.password }, own);
}

class Handle implements TestCluster {
  readonly #shared: SharedCluster;
  readonly #own: PrivateCluster | undefined;
  readonly #created: string[] = [];

  constructor(shared: SharedCluster, own: PrivateCluster | undefined) {
    this.#shared = shared;
    this.#own = own;
  }

  address(database = 'postgres'): ClusterAddress {
    return { ...this.#shared.address, database };
  }

  async query(text: string, values: readonly unknown[] = [], database = 'postgres'): Promise<pg.QueryResult> {
    const { host, port, user } = this.#shared.address;
    const client = new pg.Client({ host, port, user, database, password: this.#shared.password });
    await client.connect();
    try {
      return await client.query(text, [...values]);
    } finally {
      await client.end();
    }
  }

  async createDatabase(
    options: { readonly template?: string; readonly prefix?: string } = {},
  ): Promise<ClusterAddress> {
    const name = `${options.prefix ?? 't'}_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${options.template ?? 'template0'}`);
    this.#created.push(name);
    return this.address(name);
  }

  async release(): Promise<void> {
    const leaked: string[] = [];
    for (const name of this.#created.splice(0)) {
      const sessions = await this.#lingering(name);
      if (sessions.length > 0) leaked.push(`${name}: ${sessions.join(', ')}`);
      await this.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
    await this.#own?.stop();
    if (leaked.length > 0) throw new Error(`sessions still open when the test ended: ${leaked.join('; ')}`);
  }

  /** A client's `end()` returns before the server has noticed: only a session that stays for a second is a leak. */
  async #lingering(database: string): Promise<string[]> {
    for (let attempt = 0; ; attempt += 1) {
      const { rows } = await this.query(
        `SELECT application_name || ' (' || coalesce(state, '') || ')' AS session FROM pg_stat_activity
         WHERE datname = $1 AND backend_type = 'client backend'`,
        [database],
      );
      if (rows.length === 0 || attempt === 20) return rows.map((row: { session: string }) => row.session);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
