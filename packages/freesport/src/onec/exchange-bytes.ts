import { CommerceMlError, exchangeSize } from 'commerceml';
import { OnecImportError } from './errors.ts';
import type { StageRequest } from './staging/stage-message.ts';

/**
 * The size of an exchange in bytes; the cheap check before anything is opened in the database.
 *
 * @throws OnecImportError `exchange-missing` where something is not there, `exchange-empty` where there is no XML or zip.
 * @example await exchangeBytes('/var/1c/exchange');
 */
export async function exchangeBytes(source: StageRequest['source']): Promise<number> {
  const bytes = await sizeOf(source);
  if (bytes > 0) return bytes;
  throw new OnecImportError({
    code: 'exchange-empty',
    seen: `${typeof source === 'string' ? source : 'the list of files'} holds no XML`,
    expected: 'the files of an exchange (.xml or .zip)',
    next: 'check that 1C has finished sending; nothing was changed',
  });
}

async function sizeOf(source: StageRequest['source']): Promise<number> {
  try {
    return await exchangeSize(source);
  } catch (cause) {
    if (!(cause instanceof CommerceMlError)) throw cause;
    throw new OnecImportError({
      code: 'exchange-missing',
      seen: `${cause.file}: ${cause.reason}`,
      expected: 'the folder of an exchange',
      next: 'check the path and its rights; nothing was changed',
      cause,
    });
  }
}
