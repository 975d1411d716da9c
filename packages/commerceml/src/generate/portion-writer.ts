import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';

const FLUSH_CHARS = 1024 * 1024;
const BOM = '\ufeff';

/** Escapes character data. */
export function escapeText(text: string): string {
  return /[&<>]/.test(text) ? text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;') : text;
}

/** Escapes an attribute's value. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replace(/"/g, '&quot;');
}

/** What stands round the records of every portion. */
export interface PortionShape {
  readonly folder: string;
  /** File name by portion, from 1. */
  readonly fileName: (portion: number) => string;
  readonly header: string;
  readonly footer: string;
  readonly recordsMax: number;
}

/**
 * Writes records into portion files of a bounded number of records, with a bounded buffer. `add` is synchronous;
 * await `drain` when it returns true, which is what keeps a million offers out of the memory.
 */
export class PortionWriter {
  bytes = 0;
  files = 0;
  readonly #shape: PortionShape;
  #buffer = '';
  #records = 0;
  #handle: FileHandle | undefined;
  #closing = false;

  constructor(shape: PortionShape) {
    this.#shape = shape;
  }

  /** Adds one record; true when the buffer should be drained now. */
  add(xml: string): boolean {
    this.#buffer += xml;
    this.#records += 1;
    if (this.#records >= this.#shape.recordsMax) this.#closing = true;
    return this.#closing || this.#buffer.length >= FLUSH_CHARS;
  }

  async drain(): Promise<void> {
    if (this.#handle === undefined) {
      this.files += 1;
      await mkdir(this.#shape.folder, { recursive: true });
      this.#handle = await open(path.join(this.#shape.folder, this.#shape.fileName(this.files)), 'w');
      this.#buffer = BOM + this.#shape.header + this.#buffer;
    }
    if (this.#closing) this.#buffer += this.#shape.footer;
    const bytes = Buffer.from(this.#buffer, 'utf8');
    this.#buffer = '';
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    this.bytes += bytes.length;
    if (!this.#closing) return;
    await this.#handle.close();
    this.#handle = undefined;
    this.#records = 0;
    this.#closing = false;
  }

  /** Ends the last portion; a writer without records makes no file. */
  async end(): Promise<void> {
    if (this.#records === 0 && this.#handle === undefined) return;
    this.#closing = true;
    await this.drain();
  }

  /** Closes the open file without finishing it, after an error. */
  async abandon(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}
