import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { ObjectStore, PutOptions, StoredObject, StoreOptions } from './object-store.ts';
import { inWords, isAbsent, isPassing } from './s3-errors.ts';

/** Every request is tried so often, with growing pauses, before it counts as failed. */
const ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 600_000;
const DELETES_AT_ONCE = 8;

/**
 * A store in a bucket of S3 or of anything compatible. One PUT an object: what a killed process leaves behind can be listed and
 * deleted like everything else, which the parts of an unfinished multipart upload cannot on many stores.
 *
 * @throws Failed `store-unreachable`, `store-credentials`, `store-missing`, `store-refused` from every method.
 * @example openS3Store({ name: 's3://b/p', bucket: 'b', prefix: 'p/', region: 'eu-central-1' })
 */
export function openS3Store(
  location: StoreOptions & { readonly name: string; readonly bucket: string; readonly prefix: string },
): ObjectStore {
  const { name, bucket, prefix } = location;
  const client = new S3Client(configuration(location));
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw inWords(name, error);
    }
  };
  return {
    name,
    put: (key, body, options) => attempt(() => putObject(client, bucket, prefix + key, body, options)),
    get: (key, signal) => attempt(() => getObject(client, bucket, prefix + key, signal)),
    list: (under, signal) => attempt(() => listObjects(client, bucket, { prefix, under, signal })),
    delete: (keys, signal) =>
      attempt(async () => {
        for (let at = 0; at < keys.length; at += DELETES_AT_ONCE) {
          const some = keys.slice(at, at + DELETES_AT_ONCE);
          await Promise.all(
            some.map((key) =>
              client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }), sending(signal)),
            ),
          );
        }
      }),
    lockedUntil: (key, signal) =>
      attempt(async () => {
        const head = await client.send(
          new HeadObjectCommand({ Bucket: bucket, Key: prefix + key }),
          sending(signal),
        );
        return head.ObjectLockRetainUntilDate;
      }),
  };
}

function configuration(location: StoreOptions): S3ClientConfig {
  const variables = location.variables ?? process.env;
  const endpoint = location.endpoint ?? variables.AWS_ENDPOINT_URL_S3 ?? variables.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  const given = location.profile === undefined && accessKeyId !== undefined && secretAccessKey !== undefined;
  return {
    region: location.region ?? variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(location.profile === undefined ? {} : { profile: location.profile }),
    // Otherwise the SDK's own chain: profile, single sign-on, the machine's role.
    ...(given ? { credentials: { accessKeyId, secretAccessKey, ...token(variables) } } : {}),
    maxAttempts: ATTEMPTS,
    // We hash on our own side, both ways; stores that are not Amazon's stumble over the SDK's trailing checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  };
}

function token(variables: Readonly<Record<string, string | undefined>>): { readonly sessionToken?: string } {
  const { AWS_SESSION_TOKEN: sessionToken } = variables;
  return sessionToken === undefined || sessionToken === '' ? {} : { sessionToken };
}

function sending(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

async function putObject(
  client: S3Client,
  bucket: string,
  key: string,
  body: Uint8Array,
  { sha256, lock, signal }: PutOptions,
): Promise<void> {
  const locking =
    lock === undefined ? {} : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until };
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: body.byteLength,
      // MD5 is what every store compares on arrival, and what object lock asks for on some; SHA-256 is what we trust.
      ContentMD5: createHash('md5').update(body).digest('base64'),
      ChecksumAlgorithm: 'SHA256',
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      ...locking,
    }),
    sending(signal),
  );
}

/** The SDK repeats a request, not the reading of its answer: a connection cut in the body is ours to repeat. */
async function getObject(
  client: S3Client,
  bucket: string,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  for (let tried = 1; ; tried += 1) {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), sending(signal));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (tried === ATTEMPTS || signal?.aborted === true || !isPassing(error)) throw error;
      await delay(100 * 2 ** tried, undefined, { signal });
    }
  }
}

async function listObjects(
  client: S3Client,
  bucket: string,
  {
    prefix,
    under,
    signal,
  }: { readonly prefix: string; readonly under: string; readonly signal: AbortSignal | undefined },
): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix + under,
        ...(next === undefined ? {} : { ContinuationToken: next }),
      }),
      sending(signal),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      objects.push({
        key: (Key ?? '').slice(prefix.length),
        bytes: Size ?? 0,
        modifiedAt: LastModified ?? new Date(Number.NaN),
      });
    next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (next !== undefined);
  return objects;
}
