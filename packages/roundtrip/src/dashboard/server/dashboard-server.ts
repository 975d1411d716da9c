import cookie from '@fastify/cookie';
import fastify, { type FastifyInstance } from 'fastify';
import { asRoundtripError } from '../../errors.ts';
import { eventStream } from './event-stream.ts';
import { type Admission, guardDashboard } from './guards.ts';
import { redactDeep } from './redact-deep.ts';
import { type RunFeed, runFeed } from './run-feed.ts';
import { runList } from './run-list.ts';
import type { RunReader } from './run-reader.ts';
import type { WebFile } from './web-files.ts';

/** What the dashboard's server is made of; ready for `listen` or `inject`. */
export interface DashboardOptions {
  readonly reader: RunReader;
  readonly files: ReadonlyMap<string, WebFile>;
  /** Asked at every request: the port is known only once the server listens. */
  readonly admission: () => Admission;
  /** Gives, for one message, what replaces secrets in every text of it. */
  readonly redactor: () => (text: string) => string;
  readonly now: () => Date;
}

/** Browsers that follow at once; more than a team has. */
const STREAMS_MAX = 32;

/**
 * The dashboard: pages, the stream of views, the particulars of a step. It reads files and never acts; approvals stay
 * in the terminal, where the operator is known.
 *
 * @example
 * const app = await dashboardServer({ reader, files, admission, redactor, now });
 * await app.listen({ host: '127.0.0.1', port: 0 });
 */
export async function dashboardServer(options: DashboardOptions): Promise<FastifyInstance> {
  const { reader, files, admission, redactor, now } = options;
  const app = fastify({ logger: false, forceCloseConnections: true, routerOptions: { maxParamLength: 300 } });
  await app.register(cookie);
  guardDashboard(app, admission);
  app.setErrorHandler((error, _request, reply) => {
    const { outcome, code, seen, next } = asRoundtripError(error);
    return reply.code(outcome === 'bug' ? 500 : 409).send(redactDeep({ code, seen, next }, redactor()));
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('not found\n'));
  for (const [url, file] of files) app.get(url, (_request, reply) => reply.type(file.type).send(file.body));

  const feeds = new Map<string, RunFeed>();
  const feedOf = (runId: string): RunFeed => {
    const known = feeds.get(runId) ?? runFeed({ reader, runId, now });
    feeds.set(runId, known);
    return known;
  };
  const runs = runList(reader);
  let streams = 0;
  app.get<{ Querystring: { readonly run?: string } }>('/api/events', (request, reply) => {
    if (streams >= STREAMS_MAX) return reply.code(503).send('too many are looking\n');
    streams += 1;
    const { run } = request.query;
    const stream = eventStream({
      runs,
      shown: (list) => (list.find(({ runId }) => runId === run) ?? list[0])?.runId,
      feedOf,
      redact: (value) => redactDeep(value, redactor()),
      now,
    });
    stream.on('close', () => {
      streams -= 1;
    });
    request.raw.on('close', () => stream.destroy());
    return reply.type('text/event-stream').send(stream);
  });
  app.get<{ Params: { readonly run: string; readonly step: string } }>(
    '/api/runs/:run/steps/:step',
    (request, reply) => {
      const { run, step } = request.params;
      // Only names from the list: a run is a folder, and a name of a folder must not be a path.
      const detail = reader.runIds().includes(run) ? feedOf(run).step(step) : undefined;
      if (detail === undefined) return reply.code(404).send('not found\n');
      return reply.send(redactDeep(detail, redactor()));
    },
  );
  return app;
}
