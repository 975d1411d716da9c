/**
 * One contestant in a process of its own, so that nobody warms up or litters another's heap:
 * `node bench/parser-run.ts NAME RUNS FILE…` prints one JSON line.
 */
import { CONTESTANTS } from './parser-contestants.ts';

const WARM_MS = 2000;
const RUNS_MAX = 40;

const [name, runs, ...files] = process.argv.slice(2);
const contestant = CONTESTANTS.find((one) => one.name === name);
if (contestant === undefined)
  throw new Error(`no contestant ${name}; there are ${CONTESTANTS.map((one) => one.name).join(', ')}`);
const ms: number[] = [];
let rows: unknown;
const begun = performance.now();
// Fast ones run on until the compiler has settled, as it has for slow ones in three runs.
for (let run = 0; run < Number(runs) || (performance.now() - begun < WARM_MS && run < RUNS_MAX); run += 1) {
  const start = performance.now();
  rows = await contestant.read(files);
  ms.push(performance.now() - start);
}
process.stdout.write(
  `${JSON.stringify({ ms, rows, rssMb: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
);
