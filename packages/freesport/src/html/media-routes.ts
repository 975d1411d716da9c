import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Shown where a picture is missing; 1C often names pictures that it has not sent. */
const PLACEHOLDER = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" fill="#f6f8fa"/><path d="M30 85l20-28 14 18 10-12 18 22z" fill="#d0d7de"/><circle cx="78" cy="42" r="8" fill="#d0d7de"/></svg>`;

/**
 * `/media/*` from `folder`; a placeholder picture (404) for what is not there, or for everything without a folder.
 *
 * @example
 * await app.register(async (scope) => mediaRoutes(scope, '/srv/freesport/media'));
 */
export async function mediaRoutes(scope: FastifyInstance, folder: string | undefined): Promise<void> {
  scope.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('image/svg+xml').header('cache-control', 'public, max-age=60').send(PLACEHOLDER),
  );
  if (folder === undefined) {
    scope.get('/*', { schema: { hide: true } }, (_request, reply) => reply.callNotFound());
    return;
  }
  await scope.register(staticFiles, {
    root: folder,
    prefix: '/',
    maxAge: '1d',
    index: false,
    dotfiles: 'ignore',
    schemaHide: true,
  });
}
