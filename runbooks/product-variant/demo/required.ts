import { statSync } from 'node:fs';
import type { Target } from 'roundtrip';
import { inPlaceSteps } from '../in-place.ts';
import { sideBySideSteps } from '../side-by-side.ts';
import { Misused } from './concluded.ts';

/** What a target must name for its steps to be listed; none of it is touched. */
const NOWHERE: Target = {
  name: 'production',
  environment: 'production',
  database: { host: '127.0.0.1', port: 1, user: 'nobody', database: 'nowhere' },
  releases: { repository: '/nowhere', directory: '/nowhere' },
  settings: {
    node: 'node',
    commerceml: 'commerceml.ts',
    baseUrl: 'http://127.0.0.1:1',
    port: '1',
    nextPort: '2',
    runDirectory: '/nowhere',
    logDirectory: '/nowhere',
    maintenanceFlag: '/nowhere/maintenance',
    exchange: '/nowhere/exchange',
    watch: 'demo',
  },
};

/** A misspelt `--fail` must not pass for a demo without a fault. @throws Misused naming every step */
export function requireStep(fail: string, { inPlace }: { readonly inPlace: boolean }): void {
  const steps = inPlace ? inPlaceSteps(NOWHERE) : sideBySideSteps(NOWHERE);
  if (steps.some(({ id }) => id === fail)) return;
  throw new Misused(
    `--fail ${fail}: no such step (with or without --in-place others); there are ${steps.map(({ id }) => id).join(', ')}`,
  );
}

/** @throws Misused where there is no such folder; what is in it, the shop's own reader judges. */
export function requireExchange(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new Misused(
    `--exchange ${folder}: no such folder; one that holds the files of a 1C exchange is expected`,
  );
}
