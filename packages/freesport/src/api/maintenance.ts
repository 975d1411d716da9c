import { existsSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { html } from '../html/html.ts';
import { securePage } from '../html/security-headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and metrics answer while the shop is closed. */
    worksUnderMaintenance?: boolean;
  }
}

const RETRY_AFTER_S = 30;
const RUSSIAN = 'Магазин закрыт на обслуживание, вернёмся через несколько минут.';
const ENGLISH = 'The shop is under maintenance.';

/** For browsers. */
const PAGE = html`<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>FREESPORT</title></head>
<body><main><h1>FREESPORT</h1><p>${RUSSIAN}</p><p lang="en">${ENGLISH}</p></main></body></html>`.text;

/** What health reports of the maintenance mode. */
export interface Maintenance {
  isOn(): boolean;
  /** Requests that were let in before the flag and have not been answered yet. */
  inFlight(): number;
}

/**
 * While the flag file exists every route answers 503 except those that work under maintenance. One `stat` a request (2 µs):
 * the mode begins with the file, not a cache's lifetime later.
 *
 * @example
 * const maintenance = maintenanceMode(app, process.env.FREESPORT_MAINTENANCE_FLAG);
 */
export function maintenanceMode(app: FastifyInstance, flagFile: string | undefined): Maintenance {
  const isOn = (): boolean => flagFile !== undefined && flagFile !== '' && existsSync(flagFile);
  const admitted = new WeakSet<object>();
  let inFlight = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.worksUnderMaintenance === true) return;
    if (isOn()) {
      void reply.code(503).header('retry-after', RETRY_AFTER_S);
      const forPeople =
        request.headers.accept?.includes('text/html') === true && !request.url.startsWith('/api/');
      if (forPeople) await securePage(reply).send(PAGE);
      else await reply.send({ error: { code: 'maintenance', message: `${RUSSIAN} ${ENGLISH}` } });
      return;
    }
    admitted.add(request);
    inFlight += 1;
  });
  const leave = (request: object): void => {
    if (admitted.delete(request)) inFlight -= 1;
  };
  app.addHook('onResponse', async (request) => leave(request));
  app.addHook('onRequestAbort', async (request) => leave(request));
  return { isOn, inFlight: () => inFlight };
}
