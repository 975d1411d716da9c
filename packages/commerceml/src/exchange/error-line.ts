import { CommerceMlError } from '../errors.ts';
import type { ExchangeFile } from './exchange-file.ts';

/**
 * Adds the line to an error by reading the file once more up to the offset: counting lines all the time would
 * cost every good file something. Where that is not possible the error stays as it was, as it is the news.
 *
 * @returns the error to throw.
 */
export async function withLine(error: unknown, file: ExchangeFile): Promise<unknown> {
  if (!(error instanceof CommerceMlError) || error.file !== file.name || error.line !== undefined)
    return error;
  let line = 1;
  let offset = 0;
  try {
    for await (const chunk of file.chunks()) {
      // In UTF-16 a byte 0x0A is no line end by itself; such files keep the bare offset.
      if (offset === 0 && (chunk[0] === 0xff || chunk[0] === 0xfe || chunk[0] === 0 || chunk[1] === 0))
        return error;
      const part = chunk.subarray(0, Math.max(0, error.offset - offset));
      for (let at = part.indexOf(0x0a); at !== -1; at = part.indexOf(0x0a, at + 1)) line += 1;
      offset += chunk.length;
      if (offset >= error.offset) break;
    }
  } catch (second) {
    if (second instanceof CommerceMlError) return error;
    throw second;
  }
  const { reason, code, cause } = error;
  return new CommerceMlError(reason, { code, file: error.file, offset: error.offset, line, cause });
}
