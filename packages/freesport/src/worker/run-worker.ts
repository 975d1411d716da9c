import { setTimeout as sleep } from 'node:timers/promises';
import { parseCronItems, Logger as QueueLogger, type Runner, run } from 'graphile-worker';
import pino, { type Logger } from 'pino';
import { Database } from '../database/database.ts';
import { isOutage } from '../database/outage.ts';
import { releaseVersion } from '../release.ts';
import { loadRelease } from '../releases/load-release.ts';
import { firstSignal } from '../service/first-signal.ts';
import { onecExchangeSettings } from '../service/onec-exchange-settings.ts';
import { announceReadiness } from '../service/readiness.ts';
import { tasks } from './tasks.ts';

const CONCURRENCY = 4;
const POLL_INTERVAL_MS = 1_000;
const RECONNECT_PAUSE_MS = 250;

/**
 * Runs jobs until SIGTERM or SIGINT; what is running then is finished first. The queue's runner gives up when its database
 * is taken away; this starts it again until the signal comes.
 *
 * @example
 * await runWorker({ runDirectory: '/run/freesport' });
 */
export async function runWorker(options: { readonly runDirectory: string }): Promise<void> {
  const logger = pino({ name: 'freesport-worker', level: process.env.FREESPORT_LOG_LEVEL ?? 'info' });
  const release = await loadRelease(releaseVersion());
  const database = new Database('freesport-worker', { logger, connectionsMax: CONCURRENCY + 2 });
  const onecExchange = onecExchangeSettings(options.runDirectory);
  const stopping = new AbortController();
  let runner: Runner | undefined;
  const signalled = firstSignal().then(async (signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
    await runner?.stop();
  });
  let withdraw: (() => void) | undefined;
  while (!stopping.signal.aborted) {
    try {
      runner = await run({
        pgPool: database.pool,
        taskList: tasks({
          database,
          release,
          logger,
          settings: { onecExchange, mediaFolder: process.env.FREESPORT_MEDIA_DIR },
        }),
        concurrency: CONCURRENCY,
        pollInterval: POLL_INTERVAL_MS,
        noHandleSignals: true,
        parsedCronItems: parseCronItems([{ task: 'refresh_reserved', match: '* * * * *' }]),
        logger: queueLogger(logger),
      });
      withdraw ??= announceReadiness(options.runDirectory, 'worker');
      await runner.promise;
    } catch (error) {
      if (!stopping.signal.aborted) {
        logger.warn(
          { err: error, outage: isOutage(error) },
          'the queue lost its database; starting it again',
        );
      }
    }
    if (!stopping.signal.aborted)
      await sleep(RECONNECT_PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
  await signalled;
  withdraw?.();
  await database.close();
  logger.info('stopped');
}

function queueLogger(logger: Logger): QueueLogger {
  return new QueueLogger(() => (level, message, meta) => {
    const write = level === 'error' ? 'error' : level === 'warning' ? 'warn' : 'debug';
    logger[write]({ ...meta }, message);
  });
}
