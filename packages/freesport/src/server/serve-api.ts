import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { Database } from '../database/database.ts';
import { SchemaGuard } from '../database/schema-guard.ts';
import { releaseVersion } from '../release.ts';
import { loadRelease } from '../releases/load-release.ts';
import type { ShopDirectories } from '../service/directories.ts';
import { firstSignal } from '../service/first-signal.ts';
import { onecExchangeSettings } from '../service/onec-exchange-settings.ts';
import { shopServer } from './shop-server.ts';
import { signingSecret } from './signing-secret.ts';
import { stopListening } from './stop-listening.ts';

/** Time for keep-alive clients to send what they have and be told to close; then the listener closes. */
const DRAIN_MS = 250;
/** Connections that say nothing for so long after the door is closed are idle ones. */
const IDLE_GRACE_MS = 500;
/** A request may take this long to end after the signal. */
const CLOSE_TIMEOUT_MS = 15_000;

/**
 * Serves the API until SIGTERM or SIGINT, then stops without cutting a request that it has begun: answers close their
 * connections for a quarter of a second, then the door is closed, then the pool. Who still waits in front of the door is
 * reset by the kernel; a proxy that asks `/api/health/ready/` has sent them elsewhere by then. A second signal ends at
 * once.
 *
 * @example
 * await serveApi({ port: 8000, host: '127.0.0.1', directories: shopDirectories() });
 */
export async function serveApi(options: {
  readonly port: number;
  readonly host: string;
  readonly directories: ShopDirectories;
}): Promise<void> {
  const { directories } = options;
  const logger = pino({ name: 'freesport-api', level: process.env.FREESPORT_LOG_LEVEL ?? 'info' });
  const release = await loadRelease(releaseVersion());
  const guard = new SchemaGuard('freesport-api', release.version, { logger });
  const database = new Database('freesport-api', { logger, admit: (session) => guard.requireOwn(session) });
  const { app, drain } = await shopServer({
    release,
    database,
    schemaOwner: () => guard.owner(),
    secret: signingSecret(directories.secretFile),
    logger,
    maintenanceFlag: directories.maintenanceFlag,
    settings: {
      exchangeRoot: process.env.FREESPORT_EXCHANGE_DIR,
      mediaFolder: process.env.FREESPORT_MEDIA_DIR,
      onecExchange: onecExchangeSettings(directories.run),
    },
  });
  await app.listen({ port: options.port, host: options.host });
  logger.info({ release: release.version, port: options.port, pid: process.pid }, 'serving');
  const signal = await firstSignal();
  logger.info({ signal }, 'stopping');
  process.once(signal, () => process.exit(130));
  drain();
  await sleep(DRAIN_MS);
  await stopListening(app.server, { graceMs: IDLE_GRACE_MS });
  const timer = setTimeout(() => {
    logger.error(
      { timeoutMs: CLOSE_TIMEOUT_MS },
      'requests did not end in time; their connections are closed',
    );
    app.server.closeAllConnections();
  }, CLOSE_TIMEOUT_MS);
  await app.close();
  clearTimeout(timer);
  await guard.close();
  await database.close();
  logger.info('stopped');
}
