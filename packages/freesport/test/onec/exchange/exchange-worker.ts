/** The queue of an exchange as a process of its own, to be killed: `node exchange-worker.ts FOLDER`. */
import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { asQueryable } from '../../../src/database/database.ts';
import { onecExchangeTasks } from '../../../src/onec/index.ts';

const [folder = ''] = process.argv.slice(2);
const pool = new pg.Pool({ max: 4 });
pool.on('error', () => undefined);
pool.on('connect', (client) => client.on('error', () => undefined));
const runner = await run({
  pgPool: pool,
  taskList: onecExchangeTasks({ database: asQueryable(pool as unknown as pg.ClientBase), folder }),
  concurrency: 1,
  pollInterval: 100,
  noHandleSignals: true,
  logger: new Logger(() => () => undefined),
});
await runner.promise;
