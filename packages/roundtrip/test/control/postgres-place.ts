import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ControlStore } from '../../src/control/control-store.ts';
import { openPostgresStore } from '../../src/control/postgres-store.ts';
import { openStateFolder } from '../../src/journal/run-directory.ts';
import { type DatabaseAddress, withClient } from '../../src/postgres/connection.ts';
import type { StorePlace } from './store-contract.ts';

const folders: string[] = [];

/** Removes the folders of all machines of this process. */
export function removeMachines(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** A control store in a database, with machines whose folders are apart. */
export interface PostgresPlace extends StorePlace {
  readonly address: DatabaseAddress;
  /** The same database, for a test that looks behind the store's back. */
  readonly admin: DatabaseAddress;
  machine(options?: { readonly folder?: string; readonly patienceMs?: number }): Promise<ControlStore>;
  /** As an administrator: a superuser, past triggers. */
  sql(text: string): Promise<unknown[]>;
}

/** @param address Of an empty database. @param admin Of the same, where `address` leads through a proxy. */
export function postgresPlace(address: DatabaseAddress, admin = address): PostgresPlace {
  const newFolder = (): string => {
    const folder = mkdtempSync(path.join(tmpdir(), 'machine-'));
    folders.push(folder);
    return folder;
  };
  const sql = (text: string): Promise<unknown[]> =>
    withClient(admin, { applicationName: 'store test' }, async (client) => {
      await client.query('SET session_replication_role = replica');
      return (await client.query(text)).rows;
    });
  return {
    address,
    admin,
    sql,
    machine: ({ folder = newFolder(), patienceMs } = {}) =>
      openPostgresStore({ address, state: openStateFolder(folder), patienceMs }),
    childArguments: () => [newFolder(), JSON.stringify(address)],
    async edit(runId, n, { from, to }) {
      await sql(
        `UPDATE roundtrip_control.records SET line = replace(line, '${from}', '${to}') WHERE run = '${runId}' AND n = ${n}`,
      );
    },
    // A session that is killed before its COMMIT: the server forgets what it wrote.
    async tear(runId) {
      await withClient(admin, { applicationName: 'store test' }, async (client) => {
        await client.query('BEGIN');
        await client.query(
          "INSERT INTO roundtrip_control.records (run, n, hash, line) VALUES ($1, 3, 'h', 'cut off')",
          [runId],
        );
        await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
      });
    },
  };
}
