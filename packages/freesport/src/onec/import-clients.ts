import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { connectionSettings } from '../database/connection-settings.ts';

/**
 * The connections of one import, told apart in `pg_stat_activity` by a name of their own.
 *
 * @example
 * const clients = new ImportClients();
 * try { await work(await clients.open()); } finally { await clients.close(); }
 */
export class ImportClients {
  readonly #config: ClientConfig;
  readonly #opened: Client[] = [];

  constructor(config?: ClientConfig | undefined) {
    const name = `freesport-import-${randomUUID().slice(0, 8)}`;
    this.#config = { ...connectionSettings('freesport-command'), application_name: name, ...config };
  }

  async open(): Promise<Client> {
    const client = new Client(this.#config);
    // A connection that is ended between two statements emits here; the next statement reports it.
    client.on('error', () => undefined);
    await client.connect();
    this.#opened.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.map((client) => client.end()));
  }
}
