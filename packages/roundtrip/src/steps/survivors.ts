import { hostname } from 'node:os';
import { findBackends, waitForNoBackends } from '../postgres/backends.ts';
import { withClient } from '../postgres/connection.ts';
import type { SpawnedChild } from '../process/run-process.ts';
import { killSurvivor } from '../process/survivor.ts';
import { endRemote, type RemoteHost } from '../services/ssh.ts';
import type { StepContext } from './step-kind.ts';
import { adminAddress, applicationName } from './target-databases.ts';

const BACKEND_TIMEOUT_MS = 30_000;

/**
 * Notes every child of a step durably: if we are killed the child lives on, and the resumed run must find it before
 * it acts.
 *
 * @example await runProcess(argv, { timeoutMs, onSpawn: noteChildren(context) });
 */
export function noteChildren(context: StepContext): (child: SpawnedChild) => void | Promise<void> {
  return ({ pid, startTicks }) => context.mark(`child-${pid}`, { pid, startTicks, host: hostname() });
}

/** Notes a command on another machine durably, before it begins there; found again by its mark. */
export function noteRemote(context: StepContext, host: RemoteHost): (mark: string) => void | Promise<void> {
  return (mark) => context.mark(`remote-${mark}`, { mark, host: { ...host } });
}

/**
 * Ends what an earlier attempt at this step left running: its children, then its sessions. A dump, a migration or an
 * import that goes on beside a repeated one would spoil it; nothing is begun or judged before they are gone.
 */
export async function endSurvivors(context: StepContext): Promise<void> {
  for (const [name, mark] of Object.entries({ ...context.marksOfDo, ...context.marks })) {
    if (name.startsWith('child-') && (mark.host ?? hostname()) !== hostname())
      context.log(
        `pid ${mark.pid} of this step was started on ${mark.host}, where it cannot be ended from here: make sure that it is gone (its sessions on the server are ended)`,
      );
    else if (name.startsWith('child-'))
      await killSurvivor({ pid: Number(mark.pid), startTicks: String(mark.startTicks) });
    if (name.startsWith('remote-'))
      await endRemote(mark.host as unknown as RemoteHost, { mark: String(mark.mark) });
  }
  const sessions = { applicationName: applicationName(context) };
  await withClient(
    adminAddress(context.plan.target),
    { applicationName: 'roundtrip survivors' },
    async (client) => {
      if ((await findBackends(client, sessions)).length === 0) return;
      await waitForNoBackends(client, { ...sessions, terminate: true, timeoutMs: BACKEND_TIMEOUT_MS });
    },
  );
}
