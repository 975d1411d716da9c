#!/usr/bin/env node
import { processEnvironment } from '../src/cli/environment.ts';
import { main } from '../src/cli/main.ts';

const interruption = new AbortController();
let interrupts = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupts += 1;
    // The first ends the step under way and leaves a run that resumes; the second does not wait for that.
    if (interrupts > 1) process.exit(130);
    interruption.abort(`${signal} from the operator`);
  });
}
// A reader that went away (`| head`) must not kill a run in the middle of a step.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2), processEnvironment(interruption.signal));
