import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileStore } from '../../src/control/file-store.ts';
import { openStateFolder, runPaths } from '../../src/journal/run-directory.ts';
import { storeContract } from './store-contract.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

storeContract('a folder', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'file-store-'));
  folders.push(folder);
  const state = openStateFolder(folder);
  return {
    machine: async () => fileStore(openStateFolder(folder)),
    childArguments: () => [folder],
    async edit(runId, n, { from, to }) {
      const { journal } = runPaths(state, runId);
      const lines = readFileSync(journal, 'utf8').split('\n');
      writeFileSync(
        journal,
        lines.map((line, index) => (index === n - 1 ? line.replace(from, to) : line)).join('\n'),
      );
    },
    tear: async (runId) => appendFileSync(runPaths(state, runId).journal, '{"n":3,"at":"20'),
  };
});
