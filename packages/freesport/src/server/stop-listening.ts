import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as afterPoll, setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Closes the door and lets everybody who is inside finish. `http.Server.close` would also cut connections that look idle,
 * and one whose request is still in the socket's buffer looks idle; the plain socket server's `close` does not. It runs
 * right after the loop has accepted everyone who was waiting, because the kernel resets those when the door closes.
 *
 * Returns when no connection is left or `graceMs` is over: what is still open then has nothing to say.
 *
 * @example
 * await stopListening(app.server, { graceMs: 1_000 });
 */
export async function stopListening(server: Server, options: { readonly graceMs: number }): Promise<void> {
  await afterPoll();
  NetServer.prototype.close.call(server);
  const deadline = performance.now() + options.graceMs;
  while ((await connectionsOf(server)) > 0 && performance.now() < deadline) await sleep(POLL_MS);
}

async function connectionsOf(server: Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
