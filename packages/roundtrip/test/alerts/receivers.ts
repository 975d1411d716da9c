import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Alert } from '../../src/alerts/alert.ts';

/** One request that a receiver got. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver answers; `undefined` never answers. */
export type Answer =
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | undefined;

/** A real HTTP receiver; `answer` is given the number of the request, from 0. */
export async function httpReceiver(context: TestContext, answer: (n: number) => Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const given = answer(received.length);
      received.push({ headers: request.headers, body });
      if (given !== undefined) response.writeHead(given.status, given.headers).end(given.body ?? 'ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** A real SMTP server that keeps what it takes. */
export async function mailReceiver(context: TestContext, options: SMTPServerOptions = {}) {
  const mails: { readonly text: string; readonly recipients: readonly string[] }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk) => {
        text += String(chunk);
      });
      stream.on('end', () => {
        mails.push({ text, recipients: session.envelope.rcptTo.map(({ address }) => address) });
        done(null);
      });
    },
    ...options,
  });
  // A client that gives up is what some tests are about.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  context.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

/** A file with a secret, as a target names it. */
export function secretFile(context: TestContext, secret: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'alerts-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'secret');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

/** An alert about a gate. */
export function gate(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'run-1/41/gate-waits',
    event: 'gate-waits',
    level: 'warning',
    title: 'Toy, live run on production: waits for a go: <everyone> ready & well?',
    lines: ['Team decides'],
    next: ['roundtrip approve --run run-1 --step meeting'],
    runId: 'run-1',
    target: 'production',
    at: '2026-11-23T02:00:00.000Z',
    head: { n: 41, hash: 'ab'.repeat(32) },
    ...changes,
  };
}
