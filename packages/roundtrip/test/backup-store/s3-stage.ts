import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFauxqs } from 'fauxqs';
import { type ObjectStore, openObjectStore } from '../../src/backup-store/object-store.ts';
import { type BackupManifest, hashFiles, writeManifest } from '../../src/postgres/manifest.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

/** The keys that the test store takes; the secret is a canary. */
export const VARIABLES = {
  AWS_ACCESS_KEY_ID: 'AKIACANARY',
  AWS_SECRET_ACCESS_KEY: 'canary/secret+access=key',
  AWS_REGION: 'eu-central-1',
};

/** A real S3 server behind a proxy of faults. */
export interface S3Stage {
  readonly proxy: FaultProxy;
  readonly folder: string;
  /** The store behind the proxy, in a bucket or prefix of its own. */
  store(prefix: string): Promise<ObjectStore>;
  close(): Promise<void>;
}

export async function buildS3Stage(): Promise<S3Stage> {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createBucket('backups');
  const proxy = await startFaultProxy(`http://127.0.0.1:${server.port}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'copies-'));
  return {
    proxy,
    folder,
    store: (prefix) =>
      openObjectStore(`s3://backups/${prefix}`, { endpoint: proxy.url, variables: VARIABLES }),
    async close() {
      await proxy.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A folder that is a backup as far as its files go: two data files, an empty one, and a manifest that fits them. */
export async function writeBackup(
  directory: string,
  options: { readonly takenAt?: string; readonly database?: string } = {},
): Promise<void> {
  mkdirSync(path.join(directory, 'archive'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(directory, 'archive/toc.dat'), bytes(5_000, 1));
  writeFileSync(path.join(directory, 'archive/3021.dat.gz'), bytes(25_000, 2));
  writeFileSync(path.join(directory, 'archive/3022.dat.gz'), '');
  writeFileSync(path.join(directory, 'globals.sql'), bytes(20_000, 3));
  const manifest = {
    format: 1,
    takenAt: options.takenAt ?? '2026-11-23T02:00:00.000Z',
    systemIdentifier: '7300000000000000001',
    database: options.database ?? 'shop',
    databaseOid: '16384',
    serverVersion: 150018,
    snapshotLsn: '0/1',
    files: await hashFiles(directory),
    fingerprints: {},
    description: {},
    sequences: {},
  };
  writeManifest(directory, manifest as unknown as BackupManifest);
}

function bytes(count: number, seed: number): Buffer {
  const content = Buffer.alloc(count);
  for (let at = 0, state = seed; at < count; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    content[at] = state >>> 16;
  }
  return content;
}
