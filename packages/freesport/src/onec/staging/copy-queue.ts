import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { StagingChunk } from './chunk-writer.ts';
import { STAGING_SCHEMA, type StagingTableName } from './staging-schema.ts';

/** Chunks waiting for a connection; what comes beyond waits at its source. */
const WAITING_CHUNKS_MAX = 4;

interface Waiting {
  readonly chunk: StagingChunk<StagingTableName>;
  readonly done: () => void;
}

/**
 * Copies chunks into staging on a few connections. One chunk is one COPY: tables come interleaved, and a connection
 * copies into one table at a time. The first failure is kept and thrown to everyone who adds or waits.
 *
 * @example
 * const queue = new CopyQueue([first, second]);
 * await queue.add(chunk, () => undefined);
 * await queue.drained();
 */
export class CopyQueue {
  readonly #idle: Client[];
  readonly #waiting: Waiting[] = [];
  readonly #copying = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(clients: readonly Client[]) {
    this.#idle = [...clients];
  }

  /** Takes a chunk; resolves when the queue has room again. `done` is called when the chunk is in the database. */
  async add(chunk: StagingChunk<StagingTableName>, done: () => void): Promise<void> {
    this.#waiting.push({ chunk, done });
    this.#start();
    while (this.#waiting.length > WAITING_CHUNKS_MAX) await this.#one();
    this.#check();
  }

  /** Resolves when everything that was added is in the database. */
  async drained(): Promise<void> {
    while (this.#copying.size > 0) await this.#one();
    this.#check();
  }

  /** Resolves when no copy is running any more, whether it went well or not. */
  async settled(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all(this.#copying);
  }

  async #one(): Promise<void> {
    this.#check();
    await Promise.race(this.#copying);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #start(): void {
    while (this.#waiting.length > 0) {
      const client = this.#idle.pop();
      if (client === undefined) return;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const copy: Promise<void> = copyChunk(client, next.chunk)
        .then(next.done, (error: unknown) => {
          this.#failure ??= { error };
        })
        .finally(() => {
          this.#copying.delete(copy);
          this.#idle.push(client);
          if (this.#failure === undefined) this.#start();
        });
      this.#copying.add(copy);
    }
  }
}

async function copyChunk(client: Client, chunk: StagingChunk<StagingTableName>): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${STAGING_SCHEMA}.${chunk.table} FROM STDIN`));
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(chunk.bytes);
  });
}
