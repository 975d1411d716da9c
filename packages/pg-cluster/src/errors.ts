/**
 * Anything that keeps a private cluster from running. `message` says what was seen and what to do next.
 *
 * Codes: `binaries-missing`, `no-unprivileged-user`, `initdb-failed`, `start-failed`.
 */
export class ClusterError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ClusterError';
    this.code = code;
  }
}
