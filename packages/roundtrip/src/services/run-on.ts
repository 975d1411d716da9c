import { type RunProcessOptions, type RunProcessResult, runProcess } from '../process/run-process.ts';
import { type RemoteHost, runRemote } from './ssh.ts';

/** Runs a command here, or on the machine that is named. Errors are those of `runProcess` and `runRemote`. */
export function runOn(
  host: RemoteHost | undefined,
  argv: readonly string[],
  options: RunProcessOptions & { readonly onMark?: ((mark: string) => void | Promise<void>) | undefined },
): Promise<RunProcessResult> {
  return host === undefined ? runProcess(argv, options) : runRemote(host, argv, options);
}
