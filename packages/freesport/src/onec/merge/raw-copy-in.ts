import type { Connection, Submittable } from 'pg';

/** The messages CopyDone, and CopyFail with its reason (PostgreSQL manual, "Message Formats"). */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);
const COPY_FAIL = Buffer.concat([
  Buffer.from([0x66, 0, 0, 0, 34]),
  Buffer.from('the source of the rows failed\0'),
]);

/**
 * A COPY … FROM STDIN for `client.query` that takes messages of the protocol as they are; see `relayRows`.
 *
 * @example
 * const incoming = new RawCopyIn('COPY numbers (n) FROM STDIN (FORMAT binary)');
 * client.query(incoming);
 * await incoming.ready;
 */
export class RawCopyIn implements Submittable {
  readonly #text: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<number>();
  #connection: Connection | undefined;
  #drained: (() => void) | undefined;
  #rows = 0;

  constructor(text: string) {
    this.#text = text;
    // Whoever waits for one of them gets the error; the other one must not count as unhandled.
    this.#ready.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
  }

  /** Resolves when the server waits for rows. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves with the number of rows. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  /** Whether more can be taken right now; else `drained` is called once it can. */
  write(messages: Buffer, drained: () => void): boolean {
    const stream = this.#connection?.stream;
    // A lost connection takes everything, so that the source comes to its end.
    if (stream === undefined || stream.destroyed || stream.write(messages)) return true;
    this.#drained = drained;
    stream.once('drain', this.#flow);
    // pg may have told of the loss before this write, which nobody will ever take.
    stream.once('close', this.#flow);
    return false;
  }

  /** Says that the rows are complete. */
  done(): void {
    this.#connection?.stream.write(COPY_DONE);
  }

  /**
   * Says that there will be no more rows, and that those that came do not count. `missing` is how many bytes the last message
   * lacks: they are made up, or what follows would be taken for them.
   */
  fail(missing: number): void {
    this.#connection?.stream.write(Buffer.concat([Buffer.alloc(missing), COPY_FAIL]));
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleCopyInResponse(): void {
    this.#ready.resolve();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#ended.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#ready.reject(error);
    this.#ended.reject(error);
    this.#flow();
  }

  readonly #flow = (): void => {
    this.#connection?.stream.off('drain', this.#flow);
    this.#connection?.stream.off('close', this.#flow);
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  };
}
