import { Failed } from '../errors.ts';

interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const CREDENTIALS = [
  'AccessDenied',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
];

/** The store itself saw that other bytes arrived than were sent. */
const CORRUPTED = ['BadDigest', 'InvalidDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch'];

/** Whether the store said that there is no such object. */
export function isAbsent(error: unknown): boolean {
  const { name } = error as ServiceError;
  return name === 'NoSuchKey' || name === 'NotFound';
}

/** Whether the same request may succeed a moment later: the store was not reached, was cut off, or is busy. */
export function isPassing(error: unknown): boolean {
  const status = (error as ServiceError).$metadata?.httpStatusCode;
  const name = (error as ServiceError).name ?? '';
  return status === undefined ? !CREDENTIALS.includes(name) && name !== 'AbortError' : status >= 500;
}

/** The SDK's error as one of ours. Only its name and message are shown: its other fields repeat the request's headers. */
export function inWords(store: string, cause: unknown): Failed {
  const error = cause as ServiceError;
  const status = error.$metadata?.httpStatusCode;
  const seen =
    `${store}: ${error.name ?? 'error'}${status === undefined ? '' : ` (${status})`} ${error.message ?? ''}`.trim();
  const fields = { status, name: error.name };
  if (error.name === 'AbortError')
    return new Failed({
      code: 'process-aborted',
      seen: `${store}: interrupted`,
      expected: 'an end by itself',
      next: 'repeat the command: what has arrived already is not sent again',
      cause,
    });
  if (CREDENTIALS.includes(error.name ?? '') || status === 401 || status === 403)
    return new Failed({
      code: 'store-credentials',
      seen,
      expected: 'credentials that are valid now and may list, read and write there',
      next: 'renew them (AWS_* variables or profile), then repeat the command: what has arrived already is not sent again',
      fields,
      cause,
    });
  if (error.name === 'NoSuchBucket')
    return new Failed({
      code: 'store-missing',
      seen,
      expected: 'a bucket that exists',
      next: 'create the bucket, or correct the name of the store',
      fields,
      cause,
    });
  if (CORRUPTED.includes(error.name ?? ''))
    return new Failed({
      code: 'copy-differs',
      seen,
      expected: 'the bytes that were sent',
      next: 'do not trust the way to this store until you know why; the backup itself is untouched',
      fields,
      cause,
    });
  if (isPassing(cause))
    return new Failed({
      code: 'store-unreachable',
      seen: `${seen}, after ${error.$metadata?.attempts ?? 1} attempts`,
      expected: 'an answer',
      next: 'check the endpoint and the network, then repeat the command: what has arrived already is not sent again',
      fields,
      cause,
    });
  return new Failed({
    code: 'store-refused',
    seen,
    expected: 'the request to be accepted',
    next: 'read what the store says; where a part is too large for it (413), use smaller ones (--part-mib)',
    fields,
    cause,
  });
}
