import type { TaskList } from 'graphile-worker';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import type { ReleaseSettings, ShopRelease } from '../releases/shop-release.ts';
import { sendOrderMail } from './send-order-mail.ts';

/**
 * The jobs of the shop by name.
 *
 * @example
 * await run({ taskList: tasks({ database, release, logger, settings }), ... });
 */
export function tasks(shop: {
  readonly database: Database;
  readonly release: ShopRelease;
  readonly logger: Logger;
  readonly settings: ReleaseSettings;
}): TaskList {
  const { database, release, logger, settings } = shop;
  return {
    send_order_mail: async (payload) => {
      const { orderNumber } = payload as { orderNumber: string };
      const sent = await sendOrderMail(database, orderNumber);
      logger.info({ orderNumber, sent }, 'order mail');
    },
    /** Orders that were shipped or cancelled give their reservation back; an import begins with none. */
    refresh_reserved: async () => {
      const corrected = await database.transaction((connection) => release.skus.refreshReserved(connection));
      if (corrected > 0) logger.info({ corrected }, 'reservations corrected');
    },
    ...release.ownTasks?.({ database, logger, settings }),
  };
}
