/**
 * The command line in a process that dies: `kill-child.ts <at> <verb> …` is killed with SIGKILL at its n-th boundary
 * (before and after every journal append and every effect), or after -n milliseconds. With 0 it lives, and prints how
 * many boundaries it passed.
 */
import { processEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';
import inPlace from './toy-runbook.ts';
import sideBySide from './toy-side-by-side.ts';

const [at, ...argv] = process.argv.slice(2);
let passed = 0;
if (Number(at) < 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), -Number(at)).unref();
const environment = {
  ...processEnvironment(new AbortController().signal),
  runbook: process.env.TOY_STRATEGY === 'side-by-side' ? sideBySide : inPlace,
  onBoundary: () => {
    passed += 1;
    if (passed === Number(at)) process.kill(process.pid, 'SIGKILL');
  },
};
const exitCode = await main(argv, environment);
console.log(JSON.stringify({ boundaries: passed, exitCode }));
process.exitCode = exitCode;
