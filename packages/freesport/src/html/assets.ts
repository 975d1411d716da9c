import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/**
 * Style sheets and scripts of the pages, read once, under a URL that holds their digest: cached for ever, never stale.
 *
 * @example
 * const assets = new Assets({ 'shop.css': new URL('./assets/shop.css', import.meta.url) });
 * assets.url('shop.css'); // '/assets/3f2a9c01d4e5/shop.css'
 */
export class Assets {
  readonly #files = new Map<string, { readonly url: string; readonly body: Buffer; readonly type: string }>();

  constructor(files: Readonly<Record<string, URL>>) {
    for (const [name, file] of Object.entries(files)) {
      const body = readFileSync(file);
      const digest = createHash('sha256').update(body).digest('hex').slice(0, 12);
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      this.#files.set(name, { url: `/assets/${digest}/${name}`, body, type });
    }
  }

  /** @throws Error for a name that was not given: a mistake of the program. */
  url(name: string): string {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`there is no asset ${name}`);
    return file.url;
  }

  /** Adds one route a file. */
  routes(app: FastifyInstance): void {
    for (const { url, body, type } of this.#files.values()) {
      app.get(url, { schema: { hide: true } }, async (_request, reply) =>
        reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(body),
      );
    }
  }
}
