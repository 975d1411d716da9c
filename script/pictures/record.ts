/**
 * Records the pictures in README.md from a real run: a shop with 200,000 orders and customers who keep ordering, rehearsed,
 * migrated beside them, and rolled back. `script/picture` starts it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';
import { photographDashboard } from './photograph-dashboard.ts';
import { openStage } from './stage.ts';
import { terminalSvg } from './terminal-svg.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PICTURES = path.join(ROOT, 'docs/pictures');
const COLUMNS = 104;
const CUSTOMERS_ONLY_MS = 3000;
const COMMANDS = [
  'roundtrip rehearse --target production',
  'roundtrip run --target production --confirm production',
  'roundtrip status',
  'roundtrip rollback --confirm production --reason "prices look wrong"',
];

const terminal = new xterm.Terminal({ cols: COLUMNS, rows: 60, scrollback: 1000, allowProposedApi: true });
const write = (data: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => terminal.write(data, resolve));

const stage = await openStage();
try {
  for (const command of COMMANDS) {
    await write(`\x1b[1m$ ${command}\x1b[0m\r\n`);
    await record(command, stage.environment);
    await write('\r\n');
    // What customers write once the new release serves is what a rollback has to bring along.
    if (command.startsWith('roundtrip run')) await sleep(CUSTOMERS_ONLY_MS);
  }
  await photographDashboard({ environment: stage.environment, folder: PICTURES });
  const { placed, lost, waitMsMax } = await stage.settle();
  await write(
    `\x1b[2m# customers placed ${placed.toLocaleString('en')} orders meanwhile: ${lost} lost, longest wait ${Math.round(waitMsMax)} ms\x1b[0m\r\n`,
  );
} finally {
  await stage.close();
}
const file = path.join(PICTURES, 'night.svg');
writeFileSync(
  file,
  terminalSvg(terminal, { title: 'roundtrip in a terminal: rehearse, run, status, rollback' }),
);
console.log(file);

/** Runs a command in a terminal of its own, and shows in ours what it showed there. */
async function record(command: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const argv = command.replace(
    /^roundtrip/,
    `node ${path.join(ROOT, 'packages/roundtrip/bin/roundtrip.ts')}`,
  );
  const { CI: _ci, NO_COLOR: _noColor, ...inherited } = process.env;
  const child = spawn('script', ['-qec', `stty cols ${COLUMNS} rows 60; exec ${argv}`, '/dev/null'], {
    env: {
      ...inherited,
      ...environment,
      TERM: 'xterm-256color',
      ROUNDTRIP_RUNBOOK: path.join(import.meta.dirname, 'runbook.ts'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout) await write(chunk as Buffer);
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0)
    throw new Error(`${command} ended with ${child.exitCode}:\n${shown().slice(-3000)}`);
}

function shown(): string {
  const buffer = terminal.buffer.active;
  return Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? '')
    .join('\n')
    .trimEnd();
}
