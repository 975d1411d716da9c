import type { Connection, Submittable } from 'pg';
import type { RawCopyIn } from './raw-copy-in.ts';

const COPY_DATA = 0x64;
/** Type and length of a message of the protocol. */
const HEADER_BYTES = 5;

type DataHandler = (chunk: Buffer) => void;

/**
 * A COPY … TO STDOUT for `client.query` whose CopyData messages go to `target` as they are; every other message goes to pg.
 * Only the borders of the messages are looked at. See `relayRows`.
 *
 * @example
 * const outgoing = new RawCopyOut('COPY numbers TO STDOUT (FORMAT binary)', incoming);
 * client.query(outgoing);
 * await outgoing.ended;
 */
export class RawCopyOut implements Submittable {
  readonly #text: string;
  readonly #target: RawCopyIn;
  readonly #ended = Promise.withResolvers<void>();
  #connection: Connection | undefined;
  /** pg's own reader of the socket. */
  #toPg: DataHandler | undefined;
  /** A header that the last chunk cut. */
  #head: Buffer = Buffer.alloc(0);
  /** Bytes that the last chunk left of a message, and whether they are the target's. */
  #left = 0;
  #leftIsData = false;

  constructor(text: string, target: RawCopyIn) {
    this.#text = text;
    this.#target = target;
    this.#ended.promise.catch(() => undefined);
  }

  /** Resolves when the last row was handed on. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Bytes of a message that the target lacks; 0 unless the connection was lost in the middle of one. */
  get missing(): number {
    return this.#leftIsData ? this.#left : 0;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const [reader] = connection.stream.listeners('data') as DataHandler[];
    if (reader === undefined) throw new Error('pg does not read its socket by "data" events any more');
    this.#toPg = reader;
    connection.stream.off('data', reader);
    connection.stream.on('data', this.#take);
    connection.query(this.#text);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#release();
    this.#ended.resolve();
  }

  handleError(error: unknown): void {
    // ReadyForQuery follows an error of the server, and the connection is of use again; a lost one has nothing to follow.
    this.#ended.reject(error);
  }

  /** The socket is pg's again. */
  #release(): void {
    const stream = this.#connection?.stream;
    if (stream === undefined || this.#toPg === undefined) return;
    stream.off('data', this.#take);
    if (!stream.listeners('data').includes(this.#toPg)) stream.on('data', this.#toPg);
    stream.resume();
  }

  readonly #take = (received: Buffer): void => {
    const chunk = this.#head.length === 0 ? received : Buffer.concat([this.#head, received]);
    this.#head = chunk.subarray(0, 0);
    /** Where the run of messages for one receiver begins, and where the message being looked at ends. */
    let from = 0;
    let at = Math.min(this.#left, chunk.length);
    let isData = this.#leftIsData;
    this.#left -= at;
    while (at < chunk.length) {
      if (at + HEADER_BYTES > chunk.length) {
        this.#head = chunk.subarray(at);
        break;
      }
      const data = chunk[at] === COPY_DATA;
      if (data !== isData) {
        this.#hand(chunk.subarray(from, at), isData);
        from = at;
        isData = data;
      }
      const end = at + 1 + chunk.readUInt32BE(at + 1);
      this.#left = Math.max(0, end - chunk.length);
      at = Math.min(end, chunk.length);
    }
    this.#leftIsData = isData;
    this.#hand(chunk.subarray(from, at), isData);
  };

  #hand(messages: Buffer, isData: boolean): void {
    if (messages.length === 0) return;
    if (!isData) {
      this.#toPg?.(messages);
      return;
    }
    const stream = this.#connection?.stream;
    if (!this.#target.write(messages, () => stream?.resume())) stream?.pause();
  }
}
