import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage, type Verbal } from './toy-stage.ts';

const execute = promisify(execFile);
const DISK_BYTES = 64 * 1024 * 1024;

/** Makes the disk of the journal full for a process, or for everybody. */
interface Disk {
  fill(pid: number): Promise<void>;
  free(): void;
  remove(): Promise<void>;
}

/** A small file system of its own under the state folder; where nobody may mount, a limit on the process that writes. */
async function smallDisk(folder: string): Promise<Disk> {
  mkdirSync(folder, { recursive: true });
  const mounted = await execute('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder]).then(
    () => true,
    () => false,
  );
  if (!mounted)
    return {
      // No further byte into any file: what a full disk does to the process, and to its children.
      fill: async (pid) => void (await execute('prlimit', ['--pid', String(pid), '--fsize=1:'])),
      free: () => undefined,
      remove: async () => undefined,
    };
  const filler = path.join(folder, 'filler');
  return {
    fill: async () => {
      for (;;) {
        const { bavail, bsize } = statfsSync(folder);
        if (bavail === 0) return;
        writeFileSync(filler, Buffer.alloc(Number(bavail) * Number(bsize)), { flag: 'a' });
      }
    },
    free: () => rmSync(filler),
    remove: async () => void (await execute('umount', ['--lazy', folder])),
  };
}

let stage: ToyStage;
let disk: Disk | undefined;
before(async () => {
  stage = await buildToyStage();
});
beforeEach(async () => {
  await stage.reset();
  disk = await smallDisk(path.join(stage.folder, 'state'));
});
afterEach(async () => {
  delete process.env.TOY_STRATEGY;
  await disk?.remove();
  disk = undefined;
});
after(() => stage.close());

/** The journal writes on in its last block for a while: the disk is full some records after it was filled. */
async function untilFull(verb: readonly string[], boundary: string): Promise<Verbal> {
  return await faultAt(stage, { boundary, verb, fault: async (pid) => await disk?.fill(pid) });
}

function saysSo({ exitCode, stderr }: Verbal): void {
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /no space left|ENOSPC|EFBIG|file too large/i, stderr);
  assert.match(stderr, /journal-unwritable/, stderr);
}

it('a log that cannot be written is told, and fails no step', async () => {
  const ran = await faultAt(stage, {
    boundary: 'after append:run-started',
    verb: RUN,
    fault: async () => {
      const runs = path.join(stage.folder, 'state', 'runs');
      const [run = ''] = readdirSync(runs);
      mkdirSync(path.join(runs, run, 'log.txt'));
    },
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stderr, /not written to .*log\.txt: EISDIR/);
});

for (const strategy of ['in-place', 'side-by-side'] as const)
  describe(`a disk that is full under the journal, ${strategy}`, () => {
    let expected: unknown;
    it('ends as without, for comparison', async () => {
      process.env.TOY_STRATEGY = strategy;
      assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
      expected = await stage.look();
    });

    it('in a run: it says so, and goes on once there is room', async () => {
      process.env.TOY_STRATEGY = strategy;
      // From here on a run writes nothing there but its journal and its log; a step that cannot write its own file fails.
      const full = await untilFull(RUN, 'after append:outcome:validate:do');
      saysSo(full);
      saysSo(await stage.verb(0, 'resume'));
      disk?.free();
      const resumed = await stage.verb(0, 'resume');
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      assert.deepEqual(await stage.look(), expected);
    });

    it('in a rollback: it says so, and goes on once there is room', async () => {
      process.env.TOY_STRATEGY = strategy;
      const untouched = await stage.look();
      assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
      const full = await untilFull(
        ROLLBACK,
        strategy === 'in-place'
          ? 'after append:intent:maintenance-off:undo'
          : 'after append:intent:switch-over:undo',
      );
      saysSo(full);
      disk?.free();
      const resumed = await stage.verb(0, 'resume');
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      const { databases: _kept, ...back } = await stage.look();
      const { databases: _were, ...were } = untouched;
      assert.deepEqual(back, were);
    });
  });
