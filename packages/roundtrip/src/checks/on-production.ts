import { type Client, type DatabaseAddress, withClient } from '../postgres/connection.ts';
import type { PreflightContext } from './check.ts';

/**
 * Asks the production that a rehearsal is made from: its address is the copying step's. Undefined where the plan is production's
 * own.
 */
export async function onProduction<T>(
  { plan }: PreflightContext,
  ask: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const production = plan.steps.find(({ kind }) => kind === 'staging-copy')?.args.production;
  if (production === undefined) return undefined;
  return withClient(production as unknown as DatabaseAddress, { applicationName: 'roundtrip check' }, ask);
}
