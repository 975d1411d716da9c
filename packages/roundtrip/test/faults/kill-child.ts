/**
 * The command line in a process that dies: `kill-child.ts <at> <verb> …` is killed with SIGKILL at its n-th boundary
 * (before and after every journal append and every effect), or after -n milliseconds. With 0 it lives, unless it comes to
 * one of the boundaries that KILL_AT names: then its last line on stderr says at which it died. One that lives prints
 * the names of the boundaries that it passed; the second of a name in one process ends with ` 2`. At the boundary FAULT_AT
 * it stands still until the test has done what it will: it writes its pid to the file FAULT_FILE and waits for it to be gone.
 * CONTROL_PATIENCE_MS is how long it waits for a control store that went away.
 */
import { existsSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { processEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';
import inPlace from './toy-runbook.ts';
import sideBySide from './toy-side-by-side.ts';

const [at, ...argv] = process.argv.slice(2);
const deadly = new Set(JSON.parse(process.env.KILL_AT ?? '[]') as string[]);
const { FAULT_AT: faultAt, FAULT_FILE: faultFile } = process.env;
const { CONTROL_PATIENCE_MS: patienceMs } = process.env;
for (const name of ['KILL_AT', 'FAULT_AT', 'FAULT_FILE', 'CONTROL_PATIENCE_MS']) delete process.env[name];
const names: string[] = [];
const times = new Map<string, number>();
if (Number(at) < 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), -Number(at)).unref();

function pass(boundary: string): void {
  const name = boundary.replace(/:child-\d+$/, ':child');
  const time = (times.get(name) ?? 0) + 1;
  times.set(name, time);
  const full = time === 1 ? name : `${name} ${time}`;
  names.push(full);
  if (full === faultAt && faultFile !== undefined) standStill(faultFile);
  if (names.length !== Number(at) && !deadly.has(full)) return;
  writeSync(2, `\n${JSON.stringify({ killedAt: full })}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function standStill(file: string): void {
  writeFileSync(`${file}.new`, String(process.pid));
  renameSync(`${file}.new`, file);
  const deadline = Date.now() + 120_000;
  while (existsSync(file)) {
    if (Date.now() > deadline) throw new Error('the test did nothing within two minutes');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

const environment = {
  ...processEnvironment(new AbortController().signal),
  runbook: process.env.TOY_STRATEGY === 'side-by-side' ? sideBySide : inPlace,
  onBoundary: pass,
  controlPatienceMs: patienceMs === undefined ? undefined : Number(patienceMs),
};
const exitCode = await main(argv, environment);
console.log(JSON.stringify({ boundaries: names.length, exitCode, names }));
process.exitCode = exitCode;
