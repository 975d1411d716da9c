import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import {
  COMPRESS_LEVEL,
  dropDatabase,
  dumpDatabase,
  toolEnvironment,
  verifyBackup,
  withClient,
} from 'roundtrip/postgres';
import { type Bar, bar, median } from './bar.ts';
import { makeRowsLikeProduction } from './production-rows.ts';
import { createReferenceShop } from './reference-shop.ts';

const execute = promisify(execFile);
const REPEATS = 3;
const TIMEOUT_MS = 3_600_000;

/** The story's backup, not verified, against ours with the restore that verifies it, in one run on the reference shop. */
export async function benchBackup({ orders = 1_000_000 }: { readonly orders?: number } = {}): Promise<Bar[]> {
  const cluster = await createCluster({ name: 'bench', settings: { max_wal_size: '8GB' } });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-backup-'));
  try {
    await createReferenceShop(cluster, { database: 'shop', orders });
    await makeRowsLikeProduction(cluster, 'shop');
    const story = path.join(folder, 'story.dump');
    const ours = path.join(folder, 'ours');
    const times = { story: [] as number[], dump: [] as number[], verified: [] as number[] };
    let sizes = { story: 0, ours: 0 };
    // Interleaved, so that a noisy minute hits all of them.
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      for (const old of [story, ours, path.join(folder, 'alone')])
        rmSync(old, { recursive: true, force: true });
      times.story.push(await timed(() => pgDump(cluster, ['-Fc', '-f', story])));
      times.dump.push(
        await timed(() =>
          pgDump(cluster, ['-Fd', '-j', '2', '-Z', String(COMPRESS_LEVEL), '-f', path.join(folder, 'alone')]),
        ),
      );
      times.verified.push(await timed(() => verifiedBackup(cluster, ours)));
      // Kept as the way back in a run: dropping it is no part of a backup.
      await withClient(cluster.address(), { applicationName: 'bench' }, (client) =>
        dropDatabase(client, 'scratch', { mustNotBe: ['shop'] }),
      );
      const [storyMs, dumpMs, verifiedMs] = [times.story, times.dump, times.verified].map((all) =>
        all.at(-1),
      );
      console.error(JSON.stringify({ repeat, storyMs, dumpMs, verifiedMs, ...parts }));
      sizes = { story: bytesOf(story), ours: bytesOf(path.join(ours, 'archive')) };
    }
    const [storyMs, dumpMs, verifiedMs] = [median(times.story), median(times.dump), median(times.verified)];
    return [
      bar({
        name: "ours with verified restore / story's unverified pg_dump -Fc",
        value: verifiedMs / storyMs,
        unit: '×',
        limit: 1,
        direction: 'max',
      }),
      bar({
        name: 'dump alone, times faster',
        value: storyMs / dumpMs,
        unit: '×',
        limit: 3.5,
        direction: 'min',
      }),
      bar({
        name: 'size of ours / size of the story’s',
        value: sizes.ours / sizes.story,
        unit: '×',
        limit: 1.25,
        direction: 'max',
      }),
    ];
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pgDump(cluster: PrivateCluster, argv: readonly string[]): Promise<void> {
  const env = { ...process.env, ...toolEnvironment(cluster.address('shop'), { applicationName: 'bench' }) };
  await execute(path.join(cluster.binaries, 'pg_dump'), argv, { env });
}

/** Milliseconds of the last verified backup's two halves. */
const parts = { dumpAndFingerprintsMs: 0, restoreAndFingerprintsMs: 0 };

async function verifiedBackup(cluster: PrivateCluster, directory: string): Promise<void> {
  const startedMs = performance.now();
  await dumpDatabase(cluster.address('shop'), {
    directory,
    jobs: 2,
    compressLevel: COMPRESS_LEVEL,
    timeoutMs: TIMEOUT_MS,
  });
  const dumpedMs = performance.now();
  await verifyBackup({
    directory,
    admin: cluster.address(),
    scratchDatabase: 'scratch',
    jobs: 2,
    timeoutMs: TIMEOUT_MS,
  });
  parts.dumpAndFingerprintsMs = dumpedMs - startedMs;
  parts.restoreAndFingerprintsMs = performance.now() - dumpedMs;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function bytesOf(place: string): number {
  const stat = statSync(place);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(place).reduce((sum, name) => sum + bytesOf(path.join(place, name)), 0);
}
