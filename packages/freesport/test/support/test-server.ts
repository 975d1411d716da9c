import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { Database, type DatabaseOptions } from '../../src/database/database.ts';
import type { SchemaOwner } from '../../src/database/schema-guard.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { loadRelease } from '../../src/releases/load-release.ts';
import type { ReleaseSettings } from '../../src/releases/shop-release.ts';
import { shopServer } from '../../src/server/shop-server.ts';

/** A server over the database that the environment names, without a port. */
export interface TestServer {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly maintenanceFlag: string;
  close(): Promise<void>;
}

export async function testServer(
  version: ReleaseVersion,
  options: DatabaseOptions & {
    readonly settings?: ReleaseSettings;
    readonly schemaOwner?: () => SchemaOwner;
  } = {},
): Promise<TestServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'freesport-test-'));
  const maintenanceFlag = path.join(folder, 'maintenance');
  const database = new Database('freesport-api', options);
  const { app } = await shopServer({
    release: await loadRelease(version),
    database,
    secret: 'a secret of the tests, at least thirty-two characters',
    logger: pino({ level: 'silent' }),
    maintenanceFlag,
    settings: options.settings,
    schemaOwner: options.schemaOwner,
  });
  await app.ready();
  return {
    app,
    database,
    maintenanceFlag,
    close: async () => {
      await app.close();
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The cookies of a response as a request sends them back. */
export function cookiesOf(response: {
  readonly cookies: readonly { name: string; value: string }[];
}): Record<string, string> {
  return Object.fromEntries(response.cookies.map((cookie) => [cookie.name, cookie.value]));
}

/** A browser without scripts: keeps cookies, follows redirects, finds the CSRF token of the last page. */
export class Browser {
  readonly #server: TestServer;
  readonly #jar: Record<string, string> = {};
  page = '';
  status = 0;

  constructor(server: TestServer) {
    this.#server = server;
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<string> {
    return await this.#follow(await this.#server.app.inject({ url, cookies: this.#jar, headers }));
  }

  async post(url: string, fields: Record<string, string>, csrf: string = this.csrf()): Promise<string> {
    const response = await this.#server.app.inject({
      method: 'POST',
      url,
      cookies: this.#jar,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
    });
    return await this.#follow(response);
  }

  csrf(): string {
    return /name="_csrf" value="([^"]+)"/.exec(this.page)?.[1] ?? '';
  }

  async #follow(response: Awaited<ReturnType<FastifyInstance['inject']>>): Promise<string> {
    for (const { name, value } of response.cookies) {
      if (value === '') delete this.#jar[name];
      else this.#jar[name] = value;
    }
    if (response.statusCode === 303) return await this.get(String(response.headers.location));
    this.status = response.statusCode;
    this.page = response.body;
    return this.page;
  }
}
